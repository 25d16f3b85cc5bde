//! Milliseconds of a forward pass over 32 sequences of 32 steps, 64 numbers wide, and of the backward
//! pass with it, for every recurrent cell; the best of 100.

use std::time::Instant;

use burn::tensor::{Device, Tensor};
use nets::noise;
use nets::recurrent::{Cell, RecurrentConfig};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn main() {
    const ROWS: usize = 32;
    const STEPS: usize = 32;
    const WIDTH: usize = 64;
    let device = Device::flex().autodiff();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let input: Tensor<3> = noise::normal([ROWS, STEPS, WIDTH], &device, &mut random);
    for cell in [Cell::Gru, Cell::GruResetBefore, Cell::GruNormalised, Cell::Lstm] {
        let layer = RecurrentConfig::new(cell, WIDTH, WIDTH).init(&device, &mut random);
        let mut best = [f64::INFINITY; 2];
        for _ in 0..100 {
            let begin = Instant::now();
            let (outputs, _) = layer.sequence(input.clone(), None, layer.start(ROWS));
            let forward = begin.elapsed().as_secs_f64();
            let gradients = outputs.square().sum().backward();
            let both = begin.elapsed().as_secs_f64();
            drop(gradients);
            best = [best[0].min(forward), best[1].min(both)];
        }
        println!("{cell:?}: forward {:.2} ms, with the backward pass {:.2} ms", best[0] * 1e3, best[1] * 1e3);
    }
}
