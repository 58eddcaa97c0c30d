// Computes a network for one example, from the steps that `network_program.py` writes. A value is
// {data, shape}, without the batch's axis; channels are last, as in Keras.
"use strict";

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
// Abramowitz & Stegun 7.1.26 is good to 1.5e-7, finer than a float32 network's own rounding.
const erf = (x) => {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741
    + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - p * Math.exp(-x * x));
};

const ACTIVATIONS = {
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  leaky_relu: (x, slope) => (x < 0 ? slope * x : x),
  elu: (x) => (x < 0 ? Math.expm1(x) : x),
  selu: (x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  sigmoid,
  hard_sigmoid: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
  tanh: Math.tanh,
};

const product = (shape) => shape.reduce((a, b) => a * b, 1);

// How many rows or columns of padding come before the image: "same" pads what a stride lacks.
const padding = (small, stride, kernel, large) =>
  Math.floor(Math.max((small - 1) * stride + kernel - large, 0) / 2);

const OPERATIONS = {
  dense(step, [x], weights) {
    const kernel = weights(step.kernel), bias = weights(step.bias);
    const units = bias.length, features = kernel.length / units;
    const rows = x.data.length / features;
    const data = new Float64Array(rows * units);
    for (let row = 0; row < rows; row++) {
      const out = data.subarray(row * units, (row + 1) * units);
      out.set(bias);
      for (let i = 0; i < features; i++) {
        const value = x.data[row * features + i];
        if (value === 0) continue;
        for (let j = 0, k = i * units; j < units; j++, k++) out[j] += value * kernel[k];
      }
    }
    return { data, shape: [...x.shape.slice(0, -1), units] };
  },

  convolution(step, [x], weights) {
    const kernel = weights(step.kernel), bias = weights(step.bias);
    const [kernelHeight, kernelWidth, inputs, filters] = step.kernel_shape;
    const [height, width] = x.shape, [outHeight, outWidth] = step.shape;
    const [strideY, strideX] = step.strides;
    const top = padding(outHeight, strideY, kernelHeight, height);
    const left = padding(outWidth, strideX, kernelWidth, width);
    const data = new Float64Array(product(step.shape));
    for (let y = 0; y < outHeight; y++) for (let z = 0; z < outWidth; z++) {
      const out = data.subarray((y * outWidth + z) * filters, (y * outWidth + z + 1) * filters);
      out.set(bias);
      for (let i = 0; i < kernelHeight; i++) for (let j = 0; j < kernelWidth; j++) {
        const row = y * strideY + i - top, column = z * strideX + j - left;
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        for (let c = 0; c < inputs; c++) {
          const value = x.data[(row * width + column) * inputs + c];
          let k = ((i * kernelWidth + j) * inputs + c) * filters;
          if (value !== 0) for (let f = 0; f < filters; f++, k++) out[f] += value * kernel[k];
        }
      }
    }
    return { data, shape: step.shape };
  },

  transposed_convolution(step, [x], weights) {
    const kernel = weights(step.kernel), bias = weights(step.bias);
    const [kernelHeight, kernelWidth, filters, inputs] = step.kernel_shape;
    const [height, width] = x.shape, [outHeight, outWidth] = step.shape;
    const [strideY, strideX] = step.strides;
    const top = padding(height, strideY, kernelHeight, outHeight);
    const left = padding(width, strideX, kernelWidth, outWidth);
    const data = new Float64Array(product(step.shape));
    for (let start = 0; start < data.length; start += filters) data.set(bias, start);
    for (let y = 0; y < height; y++) for (let z = 0; z < width; z++) {
      const pixel = x.data.subarray((y * width + z) * inputs, (y * width + z + 1) * inputs);
      for (let i = 0; i < kernelHeight; i++) for (let j = 0; j < kernelWidth; j++) {
        const row = y * strideY + i - top, column = z * strideX + j - left;
        if (row < 0 || row >= outHeight || column < 0 || column >= outWidth) continue;
        let k = (i * kernelWidth + j) * filters * inputs;
        const start = (row * outWidth + column) * filters;
        for (let f = 0; f < filters; f++) {
          let sum = 0;
          for (let c = 0; c < inputs; c++, k++) sum += pixel[c] * kernel[k];
          data[start + f] += sum;
        }
      }
    }
    return { data, shape: step.shape };
  },

  scale(step, [x], weights) {
    const scale = weights(step.scale), shift = weights(step.shift), channels = scale.length;
    const data = x.data.map((value, i) => value * scale[i % channels] + shift[i % channels]);
    return { data, shape: x.shape };
  },

  activation(step, [x]) {
    if (step.name !== "softmax") {
      const activation = ACTIVATIONS[step.name];
      return { data: x.data.map((value) => activation(value, step.slope)), shape: x.shape };
    }
    const data = new Float64Array(x.data), size = x.shape[x.shape.length - 1];
    for (let start = 0; start < data.length; start += size) {
      const row = data.subarray(start, start + size), largest = Math.max(...row);
      row.forEach((value, i) => { row[i] = Math.exp(value - largest); });
      const sum = row.reduce((a, b) => a + b);
      row.forEach((value, i) => { row[i] = value / sum; });
    }
    return { data, shape: x.shape };
  },

  reshape: (step, [x]) => ({ data: x.data, shape: step.shape }),

  crop(step, [x]) {
    const [height, width, channels] = step.shape, data = new Float64Array(product(step.shape));
    for (let y = 0; y < height; y++) {
      const start = ((y + step.top) * x.shape[1] + step.left) * channels;
      data.set(x.data.subarray(start, start + width * channels), y * width * channels);
    }
    return { data, shape: step.shape };
  },

  upsample(step, [x]) {
    const [height, width, channels] = step.shape, data = new Float64Array(product(step.shape));
    for (let y = 0; y < height; y++) for (let z = 0; z < width; z++) {
      const row = Math.floor(y / step.size[0]), column = Math.floor(z / step.size[1]);
      const start = (row * x.shape[1] + column) * channels;
      data.set(x.data.subarray(start, start + channels), (y * width + z) * channels);
    }
    return { data, shape: step.shape };
  },

  concatenate(step, values) {
    const sizes = values.map((x) => x.shape[x.shape.length - 1]), total = sizes.reduce((a, b) => a + b);
    const rows = values[0].data.length / sizes[0], data = new Float64Array(rows * total);
    for (let row = 0, start = 0; row < rows; row++) {
      values.forEach((x, i) => {
        data.set(x.data.subarray(row * sizes[i], (row + 1) * sizes[i]), start);
        start += sizes[i];
      });
    }
    return { data, shape: [...values[0].shape.slice(0, -1), total] };
  },

  one_hot(step, [label]) {
    const data = new Float64Array(step.num_classes);
    data[label.data[0]] = 1;
    return { data, shape: [step.num_classes] };
  },

  embed(step, [label], weights) {
    const start = label.data[0] * step.size;
    const data = Float64Array.from(weights(step.table).subarray(start, start + step.size));
    return { data, shape: [step.size] };
  },
};

// The function from inputs, arrays of numbers, to the network's output, an array of numbers.
function networkFunction(program, allWeights) {
  const weights = ({ start, size }) => allWeights.subarray(start, start + size);
  return (...inputs) => {
    const values = inputs.map((x) => ({ data: Float64Array.from(x), shape: [x.length] }));
    for (const step of program.steps) {
      values.push(OPERATIONS[step.op](step, step.inputs.map((i) => values[i]), weights));
    }
    return values[values.length - 1].data;
  };
}
