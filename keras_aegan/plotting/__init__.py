"""Pictures: functions of arrays that return a Matplotlib figure, to save or to show."""

from keras_aegan.plotting.curves import training_curves as training_curves
from keras_aegan.plotting.images import image_grid as image_grid
from keras_aegan.plotting.images import reconstruction_grid as reconstruction_grid
from keras_aegan.plotting.scatter import latent_scatter as latent_scatter
