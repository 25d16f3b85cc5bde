use crate::support::{check_input, check_parameters, gradients, seeded, training, values};
use burn::tensor::Tensor;
use nets::dynamics::{FrameForward, FrameInverse};
use nets::encoder::EncoderConfig;
use nets::noise;
use nets::unet::{UNet, UNetConfig, UNetShape};
use nets::vq::QuantiserConfig;
use worlds::Layout;

fn shape(height: usize, width: usize) -> UNetShape {
    UNetShape { input: 2, vector: 3, output: 1, height, width }
}

#[test]
fn a_u_net_keeps_sizes_that_are_no_powers_of_two() {
    let device = training();
    for (height, width, depth) in
        [(9, 9, 1), (9, 9, 2), (9, 9, 3), (7, 12, 2), (5, 3, 1), (33, 40, 4), (64, 64, 5)]
    {
        let config = UNetConfig { depth, width: 4 };
        let network = UNet::new(config, shape(height, width), &device, &mut seeded(1)).unwrap();
        let image = noise::normal([2, 2, height, width], &device, &mut seeded(2));
        let vector = |seed| noise::normal([2, 3], &device, &mut seeded(seed));
        let made = network.forward(image.clone(), vector(3), false);
        assert_eq!(made.dims(), [2, 1, height, width]);
        assert_ne!(values(&made), values(&network.forward(image, vector(4), false)));
    }
    let error = |config, side| UNet::new(config, shape(side, side), &device, &mut seeded(1)).err().unwrap();
    let deep = error(UNetConfig { depth: 3, width: 4 }, 8).to_string();
    assert_eq!(
        deep,
        "`depth` is 3 for images of 8x8 pixels, but it must be so small that two pixels a side are left \
         after as many halvings"
    );
    assert!(error(UNetConfig { depth: 1, width: 3 }, 8).to_string().contains("even"));
}

#[test]
fn gradients_of_a_u_net_reach_the_vector_and_every_parameter() {
    let device = training();
    let config = UNetConfig { depth: 1, width: 2 };
    let network = UNet::new(config, shape(3, 4), &device, &mut seeded(5)).unwrap();
    let image: Tensor<4> = noise::normal([3, 2, 3, 4], &device, &mut seeded(6));
    let vector: Tensor<2> = noise::normal([3, 3], &device, &mut seeded(7));
    let loss = |network: &UNet, vector| network.forward(image.clone(), vector, false).square().sum();
    check_input(vector.clone(), 3e-2, |vector| loss(&network, vector));
    check_parameters(&network, 3e-2, |network| loss(network, vector.clone()));
}

#[test]
fn the_next_frame_lies_between_minus_and_plus_one_half_and_its_error_trains_both_models() {
    let device = training();
    let layout = Layout::Image { height: 9, width: 9, channels: 1, frames: 1, scale: 1.0 };
    let encoder = EncoderConfig::Planes { channels: vec![4] };
    let codes =
        QuantiserConfig { codebooks: 1, slots: 1, dimensions: 3, codes: 4, ..QuantiserConfig::default() };
    let inverse = FrameInverse::quantised(&encoder, &layout, 3, 8, codes, &device, &mut seeded(1)).unwrap();
    let config = UNetConfig { depth: 2, width: 4 };
    let forward = FrameForward::new(config, shape(9, 9), &device, &mut seeded(2)).unwrap();
    let windows: Tensor<4> = noise::uniform([4, 3, 9, 9], &device, &mut seeded(3)).sub_scalar(0.5);
    let inferred = inverse.forward(windows.clone(), true);
    let made = forward.forward(windows.clone().narrow(1, 0, 2), inferred.code(), true);
    assert!(values(&made).iter().all(|value| value.abs() <= 0.5));
    let found = (made - windows.narrow(1, 2, 1)).square().mean().backward();
    let reached = gradients(&inverse, &found);
    assert_eq!(reached.len(), 6, "{:?}", reached.keys());
    assert!(reached.values().any(|values| values.iter().any(|value| *value != 0.0)));
    assert!(!gradients(&forward, &found).is_empty());
}
