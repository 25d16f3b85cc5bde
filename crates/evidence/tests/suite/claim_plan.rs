//! What presets, overrides and sweeps resolve to.

use evidence::{
    Claim,
    claim::{At, Direction, Preset, Question, SlopeOver},
};

const FILE: &str = r#"
id = "example"
claim = "More is better."
source = "Table 1"

[preset.quick]
seeds = 5
steps = 4000
seconds = 40
run = { eval_every = 500 }

[preset.full]
seeds = 10
steps = 40000
arms = ["agent", "random", "wide"]

[[arm]]
name = "agent"
method = "dqn"
world = "cartpole"
set = { learning_rate = 1, hidden = 8 }
[arm.full]
world = "acrobot"
set = { hidden = 64 }
run = { final_episodes = 100 }

[[arm]]
name = "random"
method = "random"
world = "cartpole"
presets = ["full"]
steps = 70

[[arm]]
name = "wide"
method = "ppo"
world = "cartpole"
method_preset = "paper"
sweep = { H = [16, 32] }
steps = "{H}"
set = { hidden = ["{H}", 4] }

[[condition]]
text = "the agent is better at the end"
kind = "difference"
arm = "agent"
versus = ["wide[H=16]", "wide[H=32]"]
metric = "eval/return"
margin = 5

[[condition]]
text = "the loss falls"
kind = "slope"
arm = "wide"
x = "H"
metric = "loss/policy"
at = "best"
direction = "below"
high = -0.5
gating = false

[[condition]]
text = "the world is not won by chance"
kind = "bound"
arm = "random"
metric = "eval/return"
high = 50
seeds = "4 of 5"
sanity = true
presets = ["full"]
"#;

/// The file that these tests read.
pub fn file() -> String {
    FILE.trim_start().to_owned()
}

#[test]
fn a_preset_resolves_to_arms_with_complete_settings() {
    let claim = Claim::parse(&file(), "example.toml").unwrap_or_else(|error| panic!("{error}"));
    let quick = claim.plan(Preset::Quick).unwrap();
    let names: Vec<&str> = quick.arms.iter().map(|arm| arm.name.as_str()).collect();
    assert_eq!(names, ["agent", "wide[H=16]", "wide[H=32]"]);
    assert_eq!((quick.seeds, quick.seconds), (5, Some(40.0)));
    let agent = quick.arm("agent").unwrap();
    let settings = agent.settings(103);
    assert_eq!((settings.seed, settings.run.steps, settings.run.eval_every), (103, 4000, 500));
    assert_eq!(settings.task.world.as_deref(), Some("cartpole"));
    assert_eq!(settings.config["learning_rate"].as_float(), Some(1.0));
    assert_eq!(agent.changes(), "learning_rate = 1, hidden = 8");
    assert_eq!((settings.preset.as_str(), settings.method.as_str()), ("laptop", "dqn"));
    (agent.entry.check)(&settings.config).unwrap();

    let full = claim.plan(Preset::Full).unwrap();
    let agent = full.arm("agent").unwrap().settings(7);
    assert_eq!((agent.run.steps, agent.run.eval_every, agent.run.final_episodes), (40000, 4000, 100));
    assert_eq!(agent.task.world.as_deref(), Some("acrobot"));
    assert_eq!(full.arm("agent").unwrap().changes(), "learning_rate = 1, hidden = 64");
    assert_eq!(full.arm("random").unwrap().steps(), 70);
    assert_eq!(full.conditions.len(), 4);
}

#[test]
fn a_sweep_fills_its_placeholder_everywhere() {
    let claim = Claim::parse(&file(), "example.toml").unwrap();
    let wide = claim.plan(Preset::Quick).unwrap().arm("wide[H=32]").unwrap();
    let settings = wide.settings(0);
    assert_eq!((settings.run.steps, settings.preset.as_str()), (32, "paper"));
    assert_eq!(settings.config["hidden"].to_string(), "[32, 4]");
    let point = wide.sweep.as_ref().unwrap();
    assert_eq!((point.key.as_str(), point.value, wide.base.as_str()), ("H", 32.0, "wide"));
}

#[test]
fn the_seed_of_a_run_is_put_into_its_world() {
    let text = file().replace("world = \"cartpole\"\nset", "world = \"cartpole+timelimit=1{seed}\"\nset");
    let claim = Claim::parse(&text, "example.toml").unwrap_or_else(|error| panic!("{error}"));
    let agent = claim.plan(Preset::Quick).unwrap().arm("agent").unwrap();
    assert_eq!(agent.settings(3).task.world.as_deref(), Some("cartpole+timelimit=13"));
    assert_eq!(agent.settings(104).task.world.as_deref(), Some("cartpole+timelimit=1104"));
}

#[test]
fn conditions_know_their_arms() {
    let claim = Claim::parse(&file(), "example.toml").unwrap();
    let quick = claim.plan(Preset::Quick).unwrap();
    assert_eq!(quick.conditions.len(), 3);
    let Question::Difference(second) = &quick.conditions[1].question else { panic!("a difference") };
    assert_eq!(second.subject.versus.as_deref(), Some("wide[H=32]"));
    assert_eq!((second.margin, second.subject.at), (5.0, At::End));
    let Question::Slope { subject, over, low, high } = &quick.conditions[2].question else {
        panic!("a slope")
    };
    assert_eq!((subject.at, subject.direction, *low, *high), (At::Best, Direction::Below, None, Some(-0.5)));
    let points = vec![(16.0, "wide[H=16]".to_owned()), (32.0, "wide[H=32]".to_owned())];
    assert_eq!(*over, SlopeOver::Sweep { arm: points, versus: Vec::new() });
    assert!(!quick.conditions[2].gating && quick.conditions[0].gating);
    assert_eq!(quick.measured("wide[H=16]"), [("eval/return", At::End), ("loss/policy", At::Best)]);
    assert_eq!(quick.measured("agent"), [("eval/return", At::End)]);
}

#[test]
fn a_file_with_one_preset_refuses_the_other() {
    let text = file();
    let full = text.find("[preset.full]").unwrap();
    let arms = text.find("[[arm]]").unwrap();
    let claim = Claim::parse(&format!("{}{}", &text[..full], &text[arms..]), "mine.toml").unwrap();
    assert!(claim.plan(Preset::Quick).is_ok());
    let refusal = claim.plan(Preset::Full).unwrap_err().to_string();
    assert_eq!(refusal, "mine.toml, line 1, `preset.full`: missing: the file has only the other preset");
}
