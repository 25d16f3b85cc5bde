//! What a reader of an exported policy has to write: the layers of a recipe in plain loops, from
//! the JSON and the arrays alone.

use std::collections::BTreeMap;

use serde_json::Value;

/// Shape and values of every array by name.
pub type Arrays = BTreeMap<String, (Vec<usize>, Vec<f64>)>;

/// Numbers with their shape.
struct State {
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// The numbers before the last layer, and what the last layer makes of them.
pub fn act(layers: &Value, arrays: &Arrays, observation: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let layers = layers.as_array().expect("a list of layers");
    let (last, rest) = layers.split_last().expect("at least one layer");
    let scores = follow(rest, arrays, observation.to_vec(), vec![observation.len()]);
    let before = scores.values.clone();
    (before, apply(last, arrays, scores).values)
}

fn follow(layers: &[Value], arrays: &Arrays, values: Vec<f64>, shape: Vec<usize>) -> State {
    layers.iter().fold(State { shape, values }, |state, layer| apply(layer, arrays, state))
}

fn inner(layers: &Value, arrays: &Arrays, state: &State) -> Vec<f64> {
    let layers = layers.as_array().expect("a list of layers");
    follow(layers, arrays, state.values.clone(), state.shape.clone()).values
}

fn apply(layer: &Value, arrays: &Arrays, mut state: State) -> State {
    let array = |key: &str| &arrays[layer[key].as_str().expect("the name of an array")];
    let list = |key: &str| numbers(&layer[key]);
    let number = |key: &str| layer[key].as_f64().expect("a number");
    match layer["kind"].as_str().expect("a kind") {
        "normalise" => {
            let limit = layer["clip"].as_f64().unwrap_or(f64::INFINITY);
            for ((x, mean), deviation) in state.values.iter_mut().zip(list("mean")).zip(list("deviation")) {
                *x = ((*x - mean) / deviation).clamp(-limit, limit);
            }
        }
        "planes" => {
            let [height, width, channels] = ["height", "width", "channels"].map(|key| number(key) as usize);
            let bytes = std::mem::replace(&mut state.values, vec![0.0; height * width * channels]);
            for pixel in 0..height * width {
                for channel in 0..channels {
                    state.values[channel * height * width + pixel] =
                        bytes[pixel * channels + channel] * number("scale");
                }
            }
            state.shape = vec![channels, height, width];
        }
        "shift" => state.values.iter_mut().for_each(|x| *x += number("by")),
        "linear" => state.values = linear(&state.values, array("weight"), array("bias")),
        "layer-norm" => {
            let (mean, variance) = moments(&state.values);
            let (gain, offset) = (&array("gain").1, &array("offset").1);
            for ((x, gain), offset) in state.values.iter_mut().zip(gain).zip(offset) {
                *x = (*x - mean) / (variance + number("epsilon")).sqrt() * gain + offset;
            }
        }
        "activation" => {
            let function = activation(layer["name"].as_str().expect("a name"));
            state.values.iter_mut().for_each(|x| *x = function(*x));
        }
        "convolution" => {
            let pairs = ["stride", "padding"].map(|key| list(key).iter().map(|&x| x as usize).collect());
            state = convolution(&state, array("weight"), &array("bias").1, pairs);
        }
        "max-pool" => state = max_pool(&state, ["size", "stride", "padding"].map(|key| number(key) as usize)),
        "residual" => {
            let change = inner(&layer["layers"], arrays, &state);
            state.values.iter_mut().zip(change).for_each(|(x, change)| *x += change);
        }
        "flatten" => {}
        "renormalise" => {
            let least = state.values.iter().copied().fold(f64::INFINITY, f64::min);
            let range = state.values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - least;
            state.values.iter_mut().for_each(|x| *x = (*x - least) / (range + number("epsilon")));
        }
        "dueling" => {
            let value = inner(&layer["value"], arrays, &state);
            let mut advantage = inner(&layer["advantage"], arrays, &state);
            let (actions, atoms) = (number("actions") as usize, number("atoms") as usize);
            assert_eq!(value.len(), atoms);
            for (atom, value) in value.iter().enumerate() {
                let places = || (0..actions).map(|action| action * atoms + atom);
                let mean = places().map(|place| advantage[place]).sum::<f64>() / actions as f64;
                places().for_each(|place| advantage[place] += value - mean);
            }
            state.values = advantage;
        }
        "expectation" => {
            let support = list("support");
            state.values = state
                .values
                .chunks_exact(support.len())
                .map(|logits| expectation(logits, &support))
                .collect();
        }
        "first" => state.values.truncate(number("count") as usize),
        "affine" => {
            for ((x, centre), half) in state.values.iter_mut().zip(list("centre")).zip(list("half-width")) {
                *x = centre + half * *x;
            }
        }
        "argmax" => {
            let mut best = 0;
            for (index, &x) in state.values.iter().enumerate() {
                if x > state.values[best] {
                    best = index;
                }
            }
            state.values = vec![best as f64];
        }
        other => panic!("unknown kind `{other}`"),
    }
    state
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn linear(
    x: &[f64],
    (shape, weight): &(Vec<usize>, Vec<f64>),
    (_, bias): &(Vec<usize>, Vec<f64>),
) -> Vec<f64> {
    assert_eq!(shape[0], x.len());
    let mut y = bias.clone();
    for (i, x) in x.iter().enumerate() {
        for (j, y) in y.iter_mut().enumerate() {
            *y += x * weight[i * shape[1] + j];
        }
    }
    y
}

fn moments(x: &[f64]) -> (f64, f64) {
    let count = x.len() as f64;
    let mean = x.iter().sum::<f64>() / count;
    (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count)
}

fn activation(name: &str) -> fn(f64) -> f64 {
    match name {
        "relu" => |x| x.max(0.0),
        "elu" => |x| if x > 0.0 { x } else { x.exp_m1() },
        "silu" => |x| x / (1.0 + (-x).exp()),
        "tanh" => f64::tanh,
        "leaky-relu" => |x| x.max(0.01 * x),
        other => panic!("unknown activation `{other}`"),
    }
}

fn expectation(logits: &[f64], support: &[f64]) -> f64 {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = logits.iter().map(|logit| (logit - top).exp()).collect();
    let total: f64 = shares.iter().sum();
    shares.iter().zip(support).map(|(share, place)| share / total * place).sum()
}

/// The place in a plane that a window's cell falls on; nothing outside.
fn place(start: usize, step: usize, cell: usize, padding: usize, side: usize) -> Option<usize> {
    (start * step + cell).checked_sub(padding).filter(|place| *place < side)
}

fn convolution(
    x: &State,
    (kernel, weight): &(Vec<usize>, Vec<f64>),
    bias: &[f64],
    [stride, padding]: [Vec<usize>; 2],
) -> State {
    let [channels, height, width] = [x.shape[0], x.shape[1], x.shape[2]];
    let rows = (height + 2 * padding[0] - kernel[2]) / stride[0] + 1;
    let columns = (width + 2 * padding[1] - kernel[3]) / stride[1] + 1;
    let mut values = Vec::with_capacity(kernel[0] * rows * columns);
    for output in 0..kernel[0] {
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let mut sum = bias[output];
            for (input, k) in (0..channels).flat_map(|input| (0..kernel[2]).map(move |k| (input, k))) {
                let Some(r) = place(row, stride[0], k, padding[0], height) else { continue };
                for l in 0..kernel[3] {
                    let Some(c) = place(column, stride[1], l, padding[1], width) else { continue };
                    sum += weight[((output * channels + input) * kernel[2] + k) * kernel[3] + l]
                        * x.values[(input * height + r) * width + c];
                }
            }
            values.push(sum);
        }
    }
    State { shape: vec![kernel[0], rows, columns], values }
}

fn max_pool(x: &State, [size, stride, padding]: [usize; 3]) -> State {
    let [channels, height, width] = [x.shape[0], x.shape[1], x.shape[2]];
    let count = |side: usize| (side + 2 * padding - size) / stride + 1;
    let mut values = Vec::new();
    for channel in 0..channels {
        for (row, column) in
            (0..count(height)).flat_map(|row| (0..count(width)).map(move |column| (row, column)))
        {
            let rows = (0..size).filter_map(|k| place(row, stride, k, padding, height));
            let columns = || (0..size).filter_map(|l| place(column, stride, l, padding, width));
            let cells = rows.flat_map(|r| columns().map(move |c| (channel * height + r) * width + c));
            values.push(cells.map(|cell| x.values[cell]).fold(f64::NEG_INFINITY, f64::max));
        }
    }
    State { shape: vec![channels, count(height), count(width)], values }
}
