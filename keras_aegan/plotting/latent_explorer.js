// The page: one code z, which the pad, the sliders and the buttons change, and what it decodes to.
"use strict";

const byId = (id) => document.getElementById(id);
const page = JSON.parse(byId("page").textContent);
const bytes = Uint8Array.from(atob(byId("weights").textContent), (c) => c.charCodeAt(0));
const numbers = new Float32Array(bytes.buffer);
const run = networkFunction(page.program, numbers.subarray(0, page.num_weights));
const codes = numbers.subarray(page.num_weights); // (num_codes, latent_dim)
const dim = page.latent_range.length, numCodes = codes.length / dim;
const isConditional = page.program.num_inputs > 1;

const z = Float64Array.from(page.centre);
let label = 0;
let [across, up] = [0, Math.min(1, dim - 1)]; // the dimensions that the pad shows

// What the model's decoder gives, in the model's own scale: height × width × channels numbers.
const decode = (code, ofClass) => (isConditional ? run(code, [ofClass]) : run(code));

const clip = (value, [low, high]) => Math.min(Math.max(value, low), high);
const written = (value) => value.toFixed(2).replace("-", "−");

// ---------------------------------------------------------------- the picture

const picture = byId("image");
[picture.height, picture.width] = page.image_shape;
const channels = page.image_shape[2];

function drawPicture() {
  const values = decode(z, label), [low, high] = page.value_range;
  const context = picture.getContext("2d");
  const pixels = context.createImageData(picture.width, picture.height);
  for (let i = 0; i < picture.width * picture.height; i++) {
    for (let c = 0; c < 3; c++) {
      // Stored as bytes, which are rounded and clipped.
      pixels.data[4 * i + c] = 255 * (values[i * channels + Math.min(c, channels - 1)] - low) / (high - low);
    }
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

// -------------------------------------------------------------------- the pad

const pad = byId("pad"), scatter = byId("scatter"), MARGIN = 30;

// Where a code lies on the pad, in pixels from its upper left corner; and back.
function spanOf(axis) {
  const [low, high] = page.latent_range[axis];
  return [low, high - low];
}
function toPixels(x, y) {
  const [left, width] = spanOf(across), [bottom, height] = spanOf(up);
  const size = pad.clientWidth - MARGIN;
  return [MARGIN + size * (x - left) / width, size * (1 - (y - bottom) / height)];
}
function fromPixels(x, y) {
  const [left, width] = spanOf(across), [bottom, height] = spanOf(up);
  const size = pad.clientWidth - MARGIN;
  return [left + width * (x - MARGIN) / size, bottom + height * (1 - y / size)];
}

function ticks([low, high]) {
  const rough = (high - low) / 7, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
  const values = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) values.push(i * step);
  return values.map((value) => [value, value.toFixed(Math.max(0, -Math.floor(Math.log10(step))))]);
}

function drawScatter() {
  const size = pad.clientWidth, style = getComputedStyle(document.body);
  const color = (name) => style.getPropertyValue(`--${name}`);
  scatter.width = scatter.height = size * devicePixelRatio;
  const context = scatter.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  context.font = `12px ${style.fontFamily}`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const inner = size - MARGIN;
  for (const [value, name] of ticks(page.latent_range[across])) {
    const [x] = toPixels(value, 0);
    context.fillStyle = color("line");
    context.fillRect(x, 0, value === 0 ? 2 : 1, inner);
    context.fillStyle = color("soft");
    context.fillText(name.replace("-", "−"), x, inner + 15);
  }
  for (const [value, name] of ticks(page.latent_range[up])) {
    const [, y] = toPixels(0, value);
    context.fillStyle = color("line");
    context.fillRect(MARGIN, y, inner, value === 0 ? 2 : 1);
    context.fillStyle = color("soft");
    context.fillText(name.replace("-", "−"), MARGIN / 2, y);
  }
  for (let i = 0; i < numCodes; i++) {
    const ofClass = page.labels ? page.labels[i] : 0;
    context.globalAlpha = isConditional && ofClass !== label ? 0.12 : 0.65;
    context.fillStyle = page.labels ? page.colors[ofClass] : color("accent");
    context.beginPath();
    context.arc(...toPixels(codes[i * dim + across], codes[i * dim + up]), 2.6, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
  if (page.labels) writeNames(context, color);
}

// Each class's name at the median of its codes, so that nobody depends on colours.
function writeNames(context, color) {
  context.font = `bold 15px ${getComputedStyle(document.body).fontFamily}`;
  context.lineWidth = 4;
  context.lineJoin = "round";
  page.class_names.forEach((name, ofClass) => {
    const own = Array.from(page.labels.keys()).filter((i) => page.labels[i] === ofClass);
    if (own.length === 0) return;
    const median = (axis) =>
      own.map((i) => codes[i * dim + axis]).sort((a, b) => a - b)[own.length >> 1];
    const place = toPixels(median(across), median(up));
    context.strokeStyle = color("card");
    context.strokeText(name, ...place);
    context.fillStyle = color("ink");
    context.fillText(name, ...place);
  });
}

function moveTo(event) {
  const box = pad.getBoundingClientRect();
  const [x, y] = fromPixels(event.clientX - box.left, event.clientY - box.top);
  z[across] = clip(x, page.latent_range[across]);
  z[up] = clip(y, page.latent_range[up]);
  show();
}
pad.addEventListener("pointerdown", (event) => {
  pad.setPointerCapture(event.pointerId);
  moveTo(event);
});
pad.addEventListener("pointermove", (event) => {
  if (pad.hasPointerCapture(event.pointerId)) moveTo(event);
});
pad.addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  if (event.key === "Home") z.set(page.centre);
  else if (event.key in moves) {
    const part = event.shiftKey ? 0.1 : 0.01; // of the pad's width
    [across, up].forEach((axis, i) => {
      const move = moves[event.key][i] * part * spanOf(axis)[1];
      z[axis] = clip(z[axis] + move, page.latent_range[axis]);
    });
  } else return;
  event.preventDefault();
  show();
});

// ---------------------------------------------------- sliders, classes, buttons

const sliders = page.latent_range.map(([low, high], axis) => {
  const row = document.createElement("label"), slider = document.createElement("input");
  const number = document.createElement("span");
  number.className = "number";
  Object.assign(slider, { type: "range", min: low, max: high, step: (high - low) / 500 });
  slider.addEventListener("input", () => { z[axis] = slider.valueAsNumber; show(); });
  row.append(nameOf(axis), slider, number);
  byId("sliders").append(row);
  return { slider, number };
});

function nameOf(axis) {
  return `z${String(axis + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit])}`;
}

page.class_names.forEach((name, ofClass) => {
  const item = document.createElement(isConditional ? "label" : "span");
  if (isConditional) {
    const choice = document.createElement("input");
    Object.assign(choice, { type: "radio", name: "class", value: ofClass });
    choice.checked = ofClass === label;
    choice.addEventListener("change", () => { label = ofClass; drawScatter(); show(); });
    item.append(choice);
  }
  if (page.labels) {
    const dot = document.createElement("i");
    dot.style.background = page.colors[ofClass];
    item.append(dot);
  }
  item.append(name);
  byId("classes").append(item);
});

for (const [id, get, set] of [
  ["horizontal", () => across, (axis) => { across = axis; }],
  ["vertical", () => up, (axis) => { up = axis; }],
]) {
  page.latent_range.forEach((_, axis) => byId(id).add(new Option(nameOf(axis), axis)));
  byId(id).value = get();
  byId(id).addEventListener("change", (event) => { set(+event.target.value); drawScatter(); show(); });
}

const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
byId("centre").addEventListener("click", () => { z.set(page.centre); show(); });
byId("random").addEventListener("click", () => {
  z.forEach((_, axis) => { z[axis] = clip(normal(), page.latent_range[axis]); });
  show();
});
byId("example").addEventListener("click", () => {
  const i = Math.floor(Math.random() * numCodes);
  z.set(codes.subarray(i * dim, (i + 1) * dim));
  if (isConditional) byId("classes").querySelectorAll("input")[page.labels[i]].click();
  show();
});

// ------------------------------------------------------------------------ show

let isWaiting = false; // one picture a frame, however fast the pointer moves
function show() {
  const [x, y] = toPixels(z[across], z[up]);
  Object.assign(byId("handle").style, { left: `${x}px`, top: `${y}px` });
  sliders.forEach(({ slider, number }, axis) => {
    slider.value = z[axis];
    number.textContent = written(z[axis]);
  });
  const place = [across, up].map((axis) => `${nameOf(axis)} = ${written(z[axis])}`).join(", ");
  const [low, high] = page.latent_range[across];
  const aria = { valuemin: low, valuemax: high, valuenow: z[across], valuetext: place };
  for (const name in aria) pad.setAttribute(`aria-${name}`, aria[name]);
  byId("code").textContent = dim === 1 ? place.split(",")[0] : place;
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => { isWaiting = false; drawPicture(); });
}

document.title = byId("title").textContent = page.title;
byId("hint").innerHTML = dim === 1
  ? "Move the slider: the picture is what the decoder makes of z."
  : "Drag the point, or focus it and press <kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd> "
    + "(with <kbd>Shift</kbd>: farther): the picture is what the decoder makes of z.";
byId("plane").hidden = dim === 1;
byId("axes").hidden = dim < 3;
byId("class-card").hidden = page.class_names.length === 0;
byId("random").hidden = !page.has_prior;
byId("example").hidden = numCodes === 0;
new ResizeObserver(() => { if (dim > 1) drawScatter(); show(); }).observe(pad);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawScatter);
show();
