//! Physical parameters that are set for every episode.

use worlds::{Actions, Outcome, Worlds, catalogue, make};

/// The first episode of row 0 under alternating pushes: all observations.
fn episode(worlds: &mut dyn Worlds, out: &mut Outcome) -> Vec<Vec<f32>> {
    let mut seen = Vec::new();
    for push in 0.. {
        let actions = Actions::Discrete(vec![push / 3 % 2; worlds.rows()]);
        worlds.step(&actions, out).unwrap();
        let worlds::Array::Float(values) = out.observations.input() else { panic!("numbers") };
        seen.push(values[..4].to_vec());
        if out.ended(0) {
            break;
        }
    }
    seen
}

#[test]
fn set_parameters_act_like_options_from_the_next_episode_on() {
    let mut plain = make("cartpole", 2, 4).unwrap();
    let mut out = Outcome::new(plain.spec(), 2);
    let usual = episode(&mut *plain, &mut out);
    let mut changed = make("cartpole", 2, 4).unwrap();
    changed.reset(&mut out);
    changed.set_parameters(0, &[0.5, 20.0]).unwrap();
    let mut rest = usual[1..].iter();
    for push in 1.. {
        changed.step(&Actions::Discrete(vec![push / 3 % 2; 2]), &mut out).unwrap();
        let worlds::Array::Float(values) = out.observations.input() else { panic!("numbers") };
        assert_eq!(Some(&values[..4]), rest.next().map(Vec::as_slice), "this episode goes on as it was");
        if out.ended(0) {
            break;
        }
    }
    let mut named = make("cartpole,length=0.5,force=20", 2, 4).unwrap();
    episode(&mut *named, &mut out);
    named.set_parameters(0, &[1.0, 10.0]).unwrap();
    let mut fresh = make("cartpole", 2, 4).unwrap();
    fresh.set_parameters(0, &[0.5, 20.0]).unwrap();
    let first = episode(&mut *fresh, &mut out);
    assert_ne!(first, usual);
    let mut again = make("cartpole,length=0.5,force=20", 2, 4).unwrap();
    assert_eq!(first, episode(&mut *again, &mut out));
}

#[test]
fn long_poles_are_pushed_either_way() {
    let speeds = |length: f64| -> Vec<f32> {
        let mut worlds = make("cartpole", 64, 1).unwrap();
        let mut out = Outcome::new(worlds.spec(), 64);
        (0..64).for_each(|row| worlds.set_parameters(row, &[length, 30.0]).unwrap());
        worlds.reset(&mut out);
        worlds.step(&Actions::Discrete(vec![1; 64]), &mut out).unwrap();
        let worlds::Array::Float(values) = out.observations.input() else { panic!("numbers") };
        values.chunks_exact(4).map(|row| row[1]).collect()
    };
    assert!(speeds(2.5).iter().all(|speed| *speed > 0.3));
    let left = speeds(2.6).iter().filter(|speed| **speed < -0.3).count();
    assert!((20..45).contains(&left), "{left} of 64 to the left");
}

#[test]
fn what_is_set_survives_saving() {
    let mut first = make("cartpole+repeat=2", 1, 9).unwrap();
    let mut out = Outcome::new(first.spec(), 1);
    first.reset(&mut out);
    first.set_parameters(0, &[2.0, 5.0]).unwrap();
    let mut second = make("cartpole+repeat=2", 1, 0).unwrap();
    second.restore(&first.save()).unwrap();
    for _ in 0..3 {
        assert_eq!(episode(&mut *first, &mut out), episode(&mut *second, &mut out));
    }
}

#[test]
fn only_what_fits_is_taken() {
    let mut worlds = make("cartpole+stack=2", 2, 0).unwrap();
    assert_eq!(worlds.parameters().iter().map(|p| p.name).collect::<Vec<_>>(), ["length", "force"]);
    let refusal = |result: Result<(), worlds::WorldError>| result.unwrap_err().to_string();
    assert!(refusal(worlds.set_parameters(0, &[1.0])).contains("has 2 parameters, but was given 1 values"));
    assert!(refusal(worlds.set_parameters(0, &[1.0, 31.0])).contains("`force`"));
    assert!(refusal(worlds.set_parameters(0, &[f64::NAN, 3.0])).contains("`length`"));
    assert!(refusal(worlds.set_parameters(2, &[1.0, 3.0])).contains("copy 2"));
    let mut pendulum = make("pendulum", 1, 0).unwrap();
    assert!(pendulum.set_parameters(0, &[]).is_ok());
    assert!(refusal(pendulum.set_parameters(0, &[1.0])).contains("has 0 parameters"));
}

/// A parameter is an option too, of the same range.
#[test]
fn every_parameter_is_an_option() {
    for entry in catalogue() {
        for parameter in make(entry.name, 1, 0).unwrap().parameters() {
            assert!(parameter.low < parameter.high);
            for value in [parameter.low, parameter.high] {
                make(&format!("{},{}={value}", entry.name, parameter.name), 1, 0).unwrap();
            }
            let [low, high] = parameter.learnable;
            assert!(parameter.low <= low && low < high && high <= parameter.high);
        }
    }
}
