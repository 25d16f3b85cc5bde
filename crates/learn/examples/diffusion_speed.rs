//! Times.
use burn::tensor::{Device, Tensor};
use learn::{generative::{Noised, denoising}, optim::{AdamSettings, Trained, update}};
use nets::{diffusion::*, noise};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

fn main() {
    nets::denormals::flush_everywhere();
    let device = Device::flex();
    let mut random = ChaCha8Rng::seed_from_u64(0);
    for (batch, base) in [(64, 32), (32, 32), (64, 16), (32, 16)] {
        let process = Process { schedule: Schedule::new(Noising::Cosine, 32).unwrap(), prediction: Prediction::Eps };
        let net = UnetConfig::new(16, 4, 1, base, &[1, 2]).init(&device.clone().autodiff(), &mut random).unwrap();
        let mut net = Trained::new(net, AdamSettings::new(1e-3));
        let weight = Tensor::<2>::ones([16, 4], &device);
        let mut time = [0.0; 2];
        let n = 60;
        for i in 0..n + 5 {
            if i == 5 { time = [0.0; 2]; }
            let clean = noise::normal([batch, 16, 4], &device, &mut random);
            let t = Instant::now();
            let noised = Noised::draw(&process, clean, &mut random).autodiff();
            let steps = noised.steps();
            let condition = Condition::of(Tensor::ones([batch, 1], &device)).autodiff();
            let predicted = net.module().forward(noised.input, steps, Some(&condition));
            let loss = denoising(predicted, noised.target, weight.clone().autodiff()).mean();
            time[0] += t.elapsed().as_secs_f64();
            let t = Instant::now();
            update("denoising", loss, &mut [&mut net], None).unwrap();
            time[1] += t.elapsed().as_secs_f64();
        }
        println!("batch {batch} base {base}: forward {:.2} ms, update {:.2} ms", 1e3 * time[0] / n as f64, 1e3 * time[1] / n as f64);
        for rows in [1, 20, 500] {
            let n = if rows > 100 { 2 } else { 20 };
            let sampler = Sampler { steps: 8, eta: 1.0, temperature: 0.5, clip: Some(1.0) };
            let guidance = Guidance::new(vec![Term { condition: Tensor::ones([rows, 1], &device), weight: 1.2 }], rows, &device);
            let t = Instant::now();
            for _ in 0..n {
                let start = Start::Noise { shape: [rows, 16, 4], device: device.clone() };
                sampler.sample(&process, net.inference(), &guidance, None, start, &mut random).into_data();
            }
            println!("  {rows} plans of 8 steps: {:.2} ms", 1e3 * t.elapsed().as_secs_f64() / n as f64);
        }
    }
}
