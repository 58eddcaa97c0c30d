"""Pictures: functions of arrays that return a matplotlib Figure, to show or to save."""

from keras_aegan.plotting.error_maps import error_maps as error_maps
from keras_aegan.plotting.gan_panels import gan_panels as gan_panels
from keras_aegan.plotting.heat_maps import heat_maps as heat_maps
from keras_aegan.plotting.image_grids import image_grid as image_grid
from keras_aegan.plotting.image_grids import reconstruction_grid as reconstruction_grid
from keras_aegan.plotting.latent_explorer import latent_explorer as latent_explorer
from keras_aegan.plotting.latent_scatter import latent_scatter as latent_scatter
from keras_aegan.plotting.sparsity import code_histograms as code_histograms
from keras_aegan.plotting.sparsity import filters as filters
from keras_aegan.plotting.sparsity import penalty_curves as penalty_curves
from keras_aegan.plotting.training_curves import training_curves as training_curves
from keras_aegan.plotting.vector_field import vector_field as vector_field
