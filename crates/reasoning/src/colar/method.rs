//! CoLaR as a method: its card, what it is made of, its scores and its snapshots.

use agents::{
    device,
    language::{
        base::{self, Start},
        codec::Codec,
        rollout::training,
        supervised::Corpus,
    },
    state::{load_trained, save_trained},
};
use learn::optim::{Trainable, Trained};
use nets::lm::{Decoder, latent::LatentHead};
use rand_chacha::ChaCha8Rng;
use run::{
    Card, Method, Need, Primary, Problems, Progress, Protocol, Result, Run, RunError, Scores, Snapshot,
    Speaker, Task,
};

use super::{ChainForm, Colar, ColarConfig, CompressionConfig, evaluation};

/// Problems that are looked at before anything is trained.
const LOOKED_AT: usize = 64;

run::register!(Colar);

impl Method for Colar {
    const CARD: Card = Card {
        id: "colar",
        title: "Think Silently, Think Fast: Dynamic Latent Compression of LLM Reasoning Chains",
        paper: "Tan et al., 2025, arXiv 2505.16552",
        family: "reasoning",
        summary: "reasons in latents that each stand for several tokens, at a speed that the prompt chooses",
        needs: &[Need::Problems],
        metrics: &[
            "loss/sft",
            "loss/language",
            "loss/latent",
            "loss/second_pass",
            "loss/policy_latent",
            "loss/policy_answer",
            "train/accuracy",
            "diag/scale",
            "diag/deviation",
            "diag/latents",
            "diag/unstopped",
            "diag/flat_groups",
            "diag/clip_fraction_latent",
            "diag/clip_fraction_answer",
            "diag/kept",
            "diag/gradient_norm",
            "eval/*",
        ],
        stages: &["sft", "rl"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "updates",
        steps: 1_580,
        instead: "`bc`",
    };
    type Config = ColarConfig;

    fn build(config: ColarConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let problems: &Problems = task.require(&Self::CARD)?;
        let corpus = Corpus::of(problems).with_symbols(&config.compression.symbols());
        let Start { codec, decoder, .. } = base::start(task, run, &corpus, &config.model, None, 0)?;
        let separator = separator(&codec, problems, &config.compression)?;
        check_steps(problems, &mut run.derived("steps", 0))?;
        check_context(&decoder, problems, &config)?;
        let width = decoder.config().width;
        let hidden = if config.latent.hidden == 0 { width } else { config.latent.hidden };
        let device = device::parse(run.device())?;
        let random = &mut run.derived("latent-head", 0);
        let head = LatentHead::new(width, hidden, config.latent.floor, &device, random);
        let pool = match config.reinforced() {
            0 => Vec::new(),
            _ => training(problems, config.rl.pool, &mut run.derived("pool", 0)),
        };
        Ok(Self {
            problems: problems.clone(),
            corpus,
            codec,
            separator,
            policy: Trained::new(decoder, config.supervised.adam()),
            head: Trained::new(head, config.supervised.adam()),
            pool,
            kept: None,
            config,
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.advance(run)
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let problems = protocol.problems.as_ref().unwrap_or(&self.problems);
        let given = problems.world.held_out(protocol.episodes);
        let random = &mut run.derived("eval-text", protocol.seed);
        let fitted = run.steps() >= self.config.updates;
        let found = match self.config.variant {
            ChainForm::Tokens => evaluation::in_tokens(&self.thinker(), problems, &given, random)?,
            ChainForm::Latents => {
                let config = &self.config.evaluation;
                evaluation::at_speeds(&self.thinker(), problems, &given, config, fitted, random)?
            }
        };
        found.shown.into_iter().for_each(|line| run.note(line));
        Ok(found.scores)
    }

    fn speaker(&self) -> Option<&dyn Speaker> {
        Some(self)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("policy", &self.policy), ("head", &self.head)]);
        snapshot.put("kept", &self.kept)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let parts: &mut [(&str, &mut dyn Trainable)] =
            &mut [("policy", &mut self.policy), ("head", &mut self.head)];
        load_trained(snapshot.arrays(), parts)?;
        self.kept = snapshot.get("kept")?;
        Ok(())
    }
}

/// The token between question, chain and answer: the marker of the problems.
///
/// # Errors
/// It is not one token, or occurs in what tells the speed.
fn separator(codec: &Codec, problems: &Problems, compression: &CompressionConfig) -> Result<u32> {
    let marker = problems.world.marker();
    let &[separator] = codec.encode(marker)?.as_slice() else {
        return Err(RunError::Task(format!(
            "colar: separator {marker:?} is not one token of this model: use problems whose answer marker is"
        )));
    };
    if codec.encode(&compression.symbols())?.contains(&separator) {
        return Err(RunError::Config(format!(
            "colar: separator {marker:?} occurs in `compression.speed_text` or `compression.auto_text`"
        )));
    }
    Ok(separator)
}

/// Refuses problems without worked steps, by some of them.
///
/// # Errors
/// One of them has none.
fn check_steps(problems: &Problems, random: &mut ChaCha8Rng) -> Result<()> {
    let drawn = training(problems, LOOKED_AT, random);
    if drawn.iter().all(|problem| problem.steps.as_ref().is_some_and(|steps| !steps.is_empty())) {
        return Ok(());
    }
    Err(RunError::Task(format!(
        "colar: `{}` has problems without reasoning to compress: give worked steps with every problem",
        problems.name
    )))
}

/// Checks that questions with their speed, chains and answers fit into an embedded model's context.
///
/// # Errors
/// They do not.
fn check_context(decoder: &Decoder, problems: &Problems, config: &ColarConfig) -> Result<()> {
    let [prompt, solution] = problems.world.longest();
    let compression = &config.compression;
    let longest = compression.text(compression.c_max).len().max(compression.auto_text.len());
    let needed = prompt + longest + (solution + 2).max(config.max_latents + config.max_answer + 2);
    let context = decoder.config().context;
    if needed <= context {
        return Ok(());
    }
    Err(RunError::Config(format!(
        "a question of `{}` with its speed and its chain has up to {needed} slots, but `model.context` is {context}: \
         raise it or lower `max_latents`",
        problems.name
    )))
}
