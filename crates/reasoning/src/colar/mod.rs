//! CoLaR: compressed latent reasoning (Tan et al., 2025, arXiv 2505.16552).
//!
//! A chain of latents replaces the written one. Each stands for c tokens, whose vectors are added up and
//! divided by the root of c; c is drawn in training and told in the prompt, so that the speed of thought
//! can be chosen later. A second head says what the next latent is, as a Gaussian, and the language head
//! says one of the tokens in it, and the separator where the chain ends. Because latents are drawn,
//! chains can be compared and reinforced in groups, like written ones, and shorter right ones preferred.

mod checks;
mod config;
mod evaluation;
mod losses;
mod packed;
mod reinforce;
mod sequence;
mod speaking;
#[cfg(test)]
mod tests;
mod thinking;

use agents::{
    device,
    failure::failure,
    language::{
        base::{self, Start},
        codec::Codec,
        group::{AdvantageConfig, scalar},
        rollout::training,
        supervised::{self, Corpus},
    },
    state::{arrays, load_trained, save_trained},
};
use burn::tensor::Device;
use learn::optim::{Trained, update};
use nets::lm::{
    Decoder,
    latent::{LatentHead, embedding_scale},
};
use rand::{RngExt, seq::index};
use run::{
    Card, Method, Need, Primary, Problems, Progress, Protocol, Result, Run, RunError, Scores, Snapshot,
    Speaker, Task,
};
use worlds::text::{Problem, Split};

pub use config::{
    ColarConfig, CompressionConfig, LatentConfig, LatentLoss, ReinforceConfig, SpeedsConfig, Variant,
};
pub use sequence::{Labels, Pooling};

use self::{
    checks::{check_context, check_steps, separator},
    packed::Packed,
    reinforce::{Experience, reward},
    sequence::{Layout, Slot, Solution},
    thinking::{Chain, Thinker, prompt},
};

/// Compressed latent reasoning.
pub struct Colar {
    config: ColarConfig,
    problems: Problems,
    corpus: Corpus,
    codec: Codec,
    separator: u32,
    policy: Trained<Decoder>,
    head: Trained<LatentHead>,
    /// Questions of reinforcement, the same whenever they are drawn.
    pool: Vec<Problem>,
    /// Which of them are left, once that is known.
    kept: Option<Vec<usize>>,
}

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
        let device: Device = device::parse(run.device())?;
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
        let stage = if run.steps() < self.config.updates {
            self.fit(run)?;
            "sft"
        } else {
            if self.kept.is_none() {
                self.begin_reinforcement(run)?;
            }
            if self.kept.as_ref().is_some_and(Vec::is_empty) {
                return Ok(Progress { stage: "rl", finished: true });
            }
            self.reinforce(run)?;
            "rl"
        };
        run.count_updates("policy", 1);
        run.count_steps(1);
        let finished = run.steps() >= self.config.updates + self.config.reinforced();
        Ok(Progress { stage, finished })
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let problems = protocol.problems.as_ref().unwrap_or(&self.problems);
        let given = problems.world.held_out(protocol.episodes);
        let random = &mut run.derived("eval-text", protocol.seed);
        let fitted = run.steps() >= self.config.updates;
        let found = match self.config.variant {
            Variant::Cot => evaluation::in_tokens(&self.thinker(), problems, &given, random)?,
            Variant::Colar => {
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
        let parts: &mut [(&str, &mut dyn learn::optim::Trainable)] =
            &mut [("policy", &mut self.policy), ("head", &mut self.head)];
        load_trained(&arrays(snapshot), parts)?;
        self.kept = snapshot.get("kept")?;
        Ok(())
    }
}

impl Colar {
    /// One update on worked solutions.
    fn fit(&mut self, run: &mut Run) -> Result<()> {
        let config = &self.config.supervised;
        let left = match self.config.anneal {
            true => 1.0 - run.steps() as f64 / self.config.updates as f64,
            false => 1.0,
        };
        let rate = left * config.rate(run.steps());
        self.policy.set_learning_rate(rate);
        self.head.set_learning_rate(rate);
        if self.config.variant == Variant::Cot {
            let (policy, codec, corpus) = (&mut self.policy, &self.codec, &self.corpus);
            let done = supervised::step(policy, codec, corpus, config, run.random("problems"));
            let done = done.map_err(|error| error.of(run))?;
            run.log("loss/sft", f64::from(done.loss))?;
            return run.log("diag/gradient_norm", f64::from(done.gradient_norm));
        }
        let sequences: Vec<Vec<Slot>> =
            (0..config.batch).map(|index| self.compressed(index, run)).collect::<Result<_>>()?;
        let decoder = self.policy.module();
        let packed = Packed::new(&sequences, decoder.config().width);
        let scale = embedding_scale(decoder.embedding());
        let (head, latent) = (self.head.module(), &self.config.latent);
        let losses = losses::losses(decoder, head, &packed, scale, latent, run.random("noise"))?;
        run.log("loss/language", scalar(losses.language.clone()))?;
        run.log("loss/latent", scalar(losses.latent.clone()))?;
        if let Some(second) = &losses.second {
            run.log("loss/second_pass", scalar(second.clone()))?;
        }
        run.log("diag/deviation", scalar(losses.deviation.clone()))?;
        run.log("diag/scale", f64::from(scale))?;
        let clip = Some(config.gradient_clip);
        let done = update("sft", losses.total(latent), &mut [&mut self.policy, &mut self.head], clip);
        let done = done.map_err(|error| failure(run, error))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }

    /// A worked solution at a speed that is drawn; `index` is its place in the batch.
    fn compressed(&self, index: usize, run: &mut Run) -> Result<Vec<Slot>> {
        let compression = &self.config.compression;
        let problem = self.problems.world.draw(Split::Train, run.random("problems"));
        let sample = run.steps() * self.config.supervised.batch as u64 + index as u64;
        let random = run.random("compression");
        let speed = random.random_range(1..=compression.c_max);
        let told = random.random::<f64>() >= compression.auto;
        let text = if told { compression.text(speed) } else { compression.auto_text.clone() };
        let layout = Layout {
            speed,
            pooling: compression.pooling,
            labels: compression.labels,
            separator: self.separator,
        };
        Ok(layout.slots(&self.solution(&problem, &text, sample)?, random))
    }

    /// A worked solution in tokens.
    fn solution(&self, problem: &Problem, text: &str, sample: u64) -> Result<Solution> {
        let chain = self.codec.encode(problem.steps.as_deref().unwrap_or_default())?;
        if chain.is_empty() {
            return Err(RunError::Task(format!(
                "colar: sample {sample} has no reasoning to compress: give worked steps with every problem"
            )));
        }
        let world = &self.problems.world;
        if chain.contains(&self.separator) {
            return Err(RunError::Task(format!(
                "colar: separator {:?} occurs inside the reasoning of sample {sample}: write that step without it",
                world.marker()
            )));
        }
        let answer = self.codec.ended(&format!("{}{}", problem.answer, world.end()))?;
        Ok(Solution { prompt: prompt(&self.codec, problem, text)?, chain, answer })
    }

    /// Starts the optimiser afresh and looks for questions that are worth asking.
    fn begin_reinforcement(&mut self, run: &mut Run) -> Result<()> {
        self.policy = Trained::new(self.policy.inference().clone(), self.config.supervised.adam());
        self.head = Trained::new(self.head.inference().clone(), self.config.supervised.adam());
        self.policy.set_learning_rate(self.config.rl.learning_rate);
        self.head.set_learning_rate(self.config.rl.learning_rate);
        let kept = self.unsettled(run)?;
        run.log("diag/kept", kept.len() as f64 / self.pool.len().max(1) as f64)?;
        if kept.is_empty() {
            run.note(format!(
                "all {} questions are always answered right: there is nothing to reinforce",
                self.pool.len()
            ));
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// The questions that are not always answered right.
    fn unsettled(&self, run: &mut Run) -> Result<Vec<usize>> {
        let rl = &self.config.rl;
        if rl.filter == 0 {
            return Ok((0..self.pool.len()).collect());
        }
        let random = run.random("policy");
        let temperature = Some(rl.temperature);
        let chains =
            self.thinker().think(&self.problems, &self.pool, rl.speed, rl.filter, temperature, random)?;
        let settled = |chains: &[Chain]| chains.iter().all(|chain| chain.correct);
        let open = chains.chunks(rl.filter).enumerate().filter(|(_, chains)| !settled(chains));
        Ok(open.map(|(index, _)| index).collect())
    }

    /// One update on chains of the model's own.
    fn reinforce(&mut self, run: &mut Run) -> Result<()> {
        let rl = &self.config.rl;
        // A loaded optimiser has the step size of its settings.
        self.policy.set_learning_rate(rl.learning_rate);
        self.head.set_learning_rate(rl.learning_rate);
        let kept = self.kept.as_deref().unwrap_or_default();
        let chosen = index::sample(run.random("questions"), kept.len(), rl.prompts.min(kept.len()));
        let given: Vec<Problem> = chosen.iter().map(|place| self.pool[kept[place]].clone()).collect();
        let thinker = self.thinker();
        let temperature = Some(rl.temperature);
        let chains =
            thinker.think(&self.problems, &given, rl.speed, rl.group, temperature, run.random("policy"))?;
        let prompts: Vec<Vec<u32>> =
            given.iter().map(|problem| thinker.prompt(problem, rl.speed)).collect::<Result<_>>()?;
        let rewards: Vec<f32> = chains.iter().map(|chain| reward(chain, rl.punish_latent_length)).collect();
        report(&chains, &rewards, run)?;
        let advantage = AdvantageConfig { offset: 1e-8, ..AdvantageConfig::default() };
        let advantages = advantage.advantages(&rewards, rl.group, run)?;
        let pairs: Vec<(&[u32], &Chain)> = chains
            .iter()
            .enumerate()
            .map(|(index, chain)| (prompts[index / rl.group].as_slice(), chain))
            .collect();
        let experience = Experience::new(&pairs, self.separator, self.policy.inference(), advantages);
        for _ in 0..rl.epochs {
            experience.step(&mut self.policy, &mut self.head, rl, run)?;
        }
        Ok(())
    }

    /// The model as it is now.
    fn thinker(&self) -> Thinker<'_> {
        Thinker {
            decoder: self.policy.inference(),
            head: self.head.inference(),
            codec: &self.codec,
            separator: self.separator,
            compression: &self.config.compression,
            max_latents: self.config.max_latents,
            max_answer: self.config.max_answer,
        }
    }
}

/// Reports what a batch of chains was like.
fn report(chains: &[Chain], rewards: &[f32], run: &mut Run) -> Result<()> {
    for (chain, reward) in chains.iter().zip(rewards) {
        run.episode(f64::from(*reward), chain.length as u64);
    }
    let latents: usize = chains.iter().map(|chain| chain.length).sum();
    run.log("diag/latents", latents as f64 / chains.len().max(1) as f64)?;
    run.log("train/accuracy", evaluation::share(chains, |chain| chain.correct))?;
    run.log("diag/unstopped", evaluation::share(chains, |chain| chain.thoughts.stop.is_none()))
}
