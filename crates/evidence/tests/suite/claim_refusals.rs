//! Every way in which a claim file can be wrong is one sentence with file, line and key.

use evidence::Claim;

use crate::claim_plan::file;

/// The line, from 1 on, of the first occurrence.
fn line_of(text: &str, needle: &str) -> usize {
    let at = text.find(needle).unwrap_or_else(|| panic!("`{needle}` is not in the file"));
    1 + text[..at].matches('\n').count()
}

/// Replaces the first `old` by `new` and checks place and words of the refusal; `marker` stands in
/// the line that must be named.
fn refuses(old: &str, new: &str, marker: &str, key: &str, words: &str) {
    let original = file();
    assert!(original.contains(old), "`{old}` is not in the file");
    let text = original.replacen(old, new, 1);
    let refusal =
        Claim::parse(&text, "bad.toml").err().unwrap_or_else(|| panic!("accepted: {new}")).to_string();
    let place = format!("bad.toml, line {}, `{key}`: ", line_of(&text, marker));
    assert!(refusal.starts_with(&place), "{refusal}\n  should begin with {place}");
    assert!(refusal.contains(words), "{refusal}\n  should contain {words}");
    assert_eq!(refusal.lines().count(), 1, "{refusal}");
}

#[test]
fn names_that_do_not_exist() {
    refuses("arm = \"agent\"", "arm = \"agnet\"", "agnet", "condition.arm", "did you mean `agent`?");
    refuses(
        "metric = \"eval/return\"",
        "metric = \"eval/retrun\"",
        "retrun",
        "condition.metric",
        "did you mean `eval/return`?",
    );
    refuses("method = \"dqn\"", "method = \"dqm\"", "dqm", "arm.method", "did you mean `dqn`?");
    refuses(
        "world = \"cartpole\"",
        "world = \"cartpol\"",
        "\"cartpol\"",
        "arm.world",
        "did you mean `cartpole`?",
    );
    refuses(
        "kind = \"difference\"",
        "kind = \"diference\"",
        "diference",
        "condition.kind",
        "did you mean `difference`?",
    );
    refuses("at = \"best\"", "at = \"last\"", "\"last\"", "condition.at", "one of `end`, `best`, `auc`");
    refuses("direction = \"below\"", "direction = \"down\"", "\"down\"", "condition.direction", "`above`");
    refuses("[\"full\"]\nsteps", "[\"ful\"]\nsteps", "[\"ful\"]", "arm.presets", "did you mean `full`?");
    refuses(
        "arms = [\"agent\"",
        "arms = [\"agen\"",
        "[\"agen\"",
        "preset.full.arms",
        "did you mean `agent`?",
    );
    refuses("x = \"H\"", "x = \"G\"", "x = \"G\"", "condition.x", "unknown swept name of arm `wide` `G`");
    refuses("\"paper\"", "\"papr\"", "papr", "arm.method_preset", "`laptop` or `paper`");
}

#[test]
fn keys_that_do_not_exist() {
    refuses("claim =", "clam =", "clam", "clam", "did you mean `claim`?");
    refuses("seeds = 5", "seeds = 5\nsteeps = 1", "steeps", "preset.quick.steeps", "did you mean `steps`?");
    refuses("[preset.full]", "[preset.ful]", "[preset.ful]", "preset.ful", "did you mean `full`?");
    refuses("world = \"cartpole\"", "wrld = \"cartpole\"", "wrld", "arm.wrld", "did you mean `world`?");
    refuses("run = { final", "rum = { final", "rum =", "arm.full.rum", "did you mean `run`?");
    refuses("gating = false", "gatin = false", "gatin =", "condition.gatin", "did you mean `gating`?");
    refuses(
        "margin = 5",
        "margin = 5\nlevel = 1",
        "level = 1",
        "condition.level",
        "kind `difference` has no `level`",
    );
    refuses(
        "eval_every = 500",
        "eval_evry = 500",
        "eval_evry",
        "preset.quick.run.eval_evry",
        "did you mean `eval_every`?",
    );
    refuses(
        "eval_every = 500",
        "steps = 500",
        "steps = 500",
        "preset.quick.run.steps",
        "unknown key `steps`",
    );
}

#[test]
fn what_is_missing() {
    let last = "[[condition]]\ntext = \"the agent";
    refuses("margin = 5", "", last, "condition.margin", "a `difference` is compared with it");
    refuses("seeds = 5\n", "", "[preset.quick]", "preset.quick.seeds", "missing");
    refuses("seeds = 5\n", "seeds = 0\n", "seeds = 0", "preset.quick.seeds", "must be at least 1");
    refuses(
        "high = -0.5\n",
        "",
        "[[condition]]\ntext = \"the loss",
        "condition.low",
        "`low`, `high` or both",
    );
    refuses(
        "kind = \"difference\"",
        "kind = \"reach\"",
        last,
        "condition.level",
        "a `reach` counts the steps to it",
    );
}

#[test]
fn values_that_do_not_fit() {
    refuses(
        "learning_rate = 1,",
        "learning_rat = 1,",
        "learning_rat ",
        "arm.set.learning_rat",
        "did you mean `learning_rate`?",
    );
    refuses(
        "learning_rate = 1,",
        "learning_rate = \"fast\",",
        "\"fast\"",
        "arm.set.learning_rate",
        "expected a number",
    );
    refuses("learning_rate = 1,", "learning_rate = -1,", "= -1,", "arm.set.learning_rate", "learning_rate");
    refuses("final_episodes = 100", "final_episodes = 0", "final_episodes = 0", "arm.full.run", "at least 1");
    refuses("margin = 5", "margin = \"five\"", "\"five\"", "condition.margin", "expected a finite number");
    refuses("margin = 5", "margin = nan", "nan", "condition.margin", "expected a finite number");
    refuses("high = 50", "low = 60\nhigh = 50", "low = 60", "condition.low", "60 is above `high`");
    refuses("4 of 5", "6 of 5", "6 of 5", "condition.seeds", "neither `all` nor");
    refuses("steps = 4000", "steps = -3", "steps = -3", "preset.quick.steps", "at least 1");
    refuses(
        "world = \"cartpole\"\nset",
        "world = \"pendulum\"\nset",
        "world = \"pendulum\"",
        "arm.world",
        "needs discrete actions",
    );
}

#[test]
fn arms_that_clash_or_are_elsewhere() {
    refuses(
        "name = \"random\"",
        "name = \"agent\"",
        "name = \"agent\"\nmethod = \"random\"",
        "arm.name",
        "two arms are called `agent`",
    );
    refuses("H = [16, 32]", "H = [16, 16]", "sweep =", "arm.sweep.H", "16 stands there twice");
    refuses(
        "arms = [\"agent\", ",
        "arms = [\"agent\", \"agent\", ",
        "[preset.full]",
        "preset.full.arms",
        "`agent` stands there twice",
    );
    refuses(
        "sanity = true\npresets = [\"full\"]\n",
        "sanity = true\n",
        "arm = \"random\"",
        "condition.arm",
        "arm `random` is not in preset `quick`",
    );
    refuses("\"wide[H=16]\", ", "\"wide\", ", "\"wide\", ", "condition.versus", "`wide` is swept");
    let wide = "sweep = { H = [16, 32] }\nsteps = \"{H}\"\nset = { hidden = [\"{H}\", 4] }";
    refuses(
        wide,
        "sweep = { H = [16, 32] }\nset = { hidden = [8] }",
        "sweep =",
        "arm.sweep",
        "`{H}` stands neither in",
    );
    refuses("H = [16, 32] }", "H = [] }", "sweep =", "arm.sweep.H", "no values");
    refuses("H = [16, 32] }", "seed = [16, 32] }", "sweep =", "arm.sweep.seed", "the run's seed");
    refuses(
        "H = [16, 32] }",
        "H = [0, 32] }",
        "steps = \"{H}\"",
        "arm.steps",
        "no whole number of at least 1",
    );
}

#[test]
fn kinds_that_compare_need_something_to_compare_with() {
    let text = file()
        .replace("versus = [\"wide[H=16]\", \"wide[H=32]\"]\n", "")
        .replace("\"difference\"", "\"ratio\"");
    let refusal = Claim::parse(&text, "bad.toml").unwrap_err().to_string();
    assert!(refusal.contains("`condition.versus`: missing: a `ratio` holds two arms"), "{refusal}");
    let alone = file().replace("versus = [\"wide[H=16]\", \"wide[H=32]\"]\n", "");
    Claim::parse(&alone, "good.toml").unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_cannot_be_decided() {
    let text = file().replace("margin = 5", "margin = 5\ngating = false");
    let refusal = Claim::parse(&text, "bad.toml").unwrap_err().to_string();
    assert!(refusal.contains("no condition of preset `quick` decides"), "{refusal}");
    let none = file();
    let refusal =
        Claim::parse(&none[..none.find("[[condition]]").unwrap()], "bad.toml").unwrap_err().to_string();
    assert!(refusal.contains("`condition`: missing"), "{refusal}");
}

#[test]
fn a_study_counts_claims_that_exist() {
    let study =
        "[[condition]]\ntext = \"most hold\"\nkind = \"study\"\nclaims = [\"no-such-claim\"]\nneed = 1\n";
    let refusal = Claim::parse(&format!("{}{study}", file()), "bad.toml").unwrap_err().to_string();
    assert!(refusal.contains("`condition.claims`: unknown claim `no-such-claim`"), "{refusal}");
}

#[test]
fn text_that_is_not_toml() {
    refuses("seeds = 5", "seeds = = 5", "seeds = =", "seeds", "not TOML");
    refuses("seeds = 5", "seeds = 5\nseeds = 6", "seeds = 6", "seeds", "not TOML: duplicate key");
    refuses("id = \"example\"", "id = \"example", "id = \"example", "id", "not TOML");
    refuses("id = \"example\"", "id = \"Ex ample\"", "Ex ample", "id", "small letters");
}
