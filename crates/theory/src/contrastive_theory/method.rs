//! The method in a run: building, evaluation, saving.

use agents::{
    device,
    state::{load_trained, save_trained},
};
use learn::{
    contrastive::theory::collision,
    optim::{AdamSettings, Trained},
    probe::Labelled,
};
use nets::{
    host,
    mlp::{Mlp, MlpConfig},
};
use rand_chacha::ChaCha8Rng;
use run::{
    Card, Method, Primary, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, Task, scores::exact,
};
use settings::Refusal;
use worlds::data::{self, DataSet, Examples};

use super::{
    ContrastiveTheory, ContrastiveTheoryConfig, FeatureKind,
    evaluation::{Bound, Probes, bound},
    inputs,
    sampling::Sampler,
};

run::register!(ContrastiveTheory);

impl Method for ContrastiveTheory {
    const CARD: Card = Card {
        id: "contrastive-theory",
        title: "A Theoretical Analysis of Contrastive Unsupervised Representation Learning",
        paper: "Arora et al., 2019, arXiv 1902.09229",
        family: "theory",
        summary: "contrastive features, mean classifiers, and the bound that ties their losses together",
        needs: &[],
        metrics: &["loss/contrastive", "loss/supervised", "probe/*", "diag/*"],
        stages: &["main"],
        primary: Primary { metric: "probe/mean_10", higher_is_better: true },
        unit: "updates",
        steps: 3_000,
        instead: "a method that acts in worlds",
    };
    type Config = ContrastiveTheoryConfig;

    fn build(config: ContrastiveTheoryConfig, _task: &Task, run: &mut Run) -> Result<Self> {
        let mut data = data::load(&config.data, run.seed())?;
        let refused = |why| RunError::from(Refusal::saying("prior", format!("{:?}", config.prior), why));
        if !config.prior.is_empty() {
            let (given, classes) = (config.prior.len(), data.classes());
            if given != classes {
                return Err(refused(format!(
                    "it holds {given} probabilities, but the data has {classes} classes"
                )));
            }
            data.prior.clone_from(&config.prior);
        }
        collision(&data.prior, config.negatives).map_err(|error| match config.prior.is_empty() {
            true => RunError::part(error),
            false => refused(error.to_string()),
        })?;
        let sampler = Sampler::new(&data.train, &data.prior, config.block).map_err(RunError::Config)?;
        if config.normalise {
            run.note("features have unit norm: R = 1 in the bounds");
        }
        let device = device::parse(run.device())?;
        let training = device.clone().autodiff();
        let encoder = shape(&config, &data).init(&training, run.random("init"));
        let head = MlpConfig::new(config.features, &[], data.classes()).init(&training, run.random("init"));
        let adam = AdamSettings::new(config.learning_rate);
        let (encoder, head) = (Trained::new(encoder, adam), Trained::new(head, adam));
        Ok(Self { config, data, sampler, encoder, head, device })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iteration(run)
    }

    /// Probes fitted on the training and scored on the held-out examples, and the bounds.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let random = &mut run.derived("eval", protocol.seed);
        let encoder = (self.config.variant != FeatureKind::Raw).then(|| self.encoder.inference());
        let train = self.labelled(encoder, &self.data.train)?;
        let test = self.labelled(encoder, &self.data.test)?;
        let (prior, loss) = (&self.data.prior, self.config.loss);
        let probes = Probes { prior, loss, few: self.config.few, ridge: self.config.ridge };
        let mut scores = probes.scores(&train, &test, random).map_err(RunError::part)?;
        let bound = self.bound(&test, random)?;
        let mut worst = f64::INFINITY;
        for _ in 0..self.config.random_encoders {
            let encoder = shape(&self.config, &self.data).init(&self.device, random);
            let features = self.labelled(Some(&encoder), &self.data.test)?;
            worst = worst.min(self.bound(&features, random)?.margin());
        }
        let norms =
            (0..test.classes()).flat_map(|class| test.class(class)).map(|x| x.iter().map(|v| v * v).sum());
        scores.extend([
            ("diag/bound_supervised", bound.supervised),
            ("diag/bound_unsupervised", bound.unsupervised),
            ("diag/bound_slack", bound.unsupervised - bound.supervised),
            ("diag/bound_error", bound.error),
            ("diag/bound_margin", bound.margin()),
            ("diag/intraclass_slack", bound.intraclass - bound.supervised),
            ("diag/radius", norms.fold(0.0, f64::max).sqrt()),
            ("diag/tau", collision(prior, 1).map_err(RunError::part)?),
            ("diag/tau_k", collision(prior, self.config.negatives).map_err(RunError::part)?),
        ]);
        if worst.is_finite() {
            scores.push(("diag/bound_margin_random", worst));
        }
        Ok(exact(scores))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("encoder", &self.encoder), ("head", &self.head)]);
        Ok(())
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        load_trained(snapshot.arrays(), &mut [("encoder", &mut self.encoder), ("head", &mut self.head)])
    }
}

impl ContrastiveTheory {
    /// Features with their classes; the inputs themselves without an encoder.
    fn labelled(&self, encoder: Option<&Mlp>, examples: &Examples) -> Result<Labelled> {
        let all: Vec<usize> = (0..examples.len()).collect();
        let inputs = inputs(examples, &all, &self.device);
        let features = match encoder {
            Some(encoder) => self.normalised(encoder.forward(inputs)),
            None => inputs,
        };
        let width = features.dims()[1];
        Labelled::new(&host(features), width, &examples.labels, self.data.classes()).map_err(RunError::part)
    }

    fn bound(&self, features: &Labelled, random: &mut ChaCha8Rng) -> Result<Bound> {
        let config = &self.config;
        bound(features, &self.data.prior, config.loss, config.bound_samples, random).map_err(RunError::part)
    }
}

/// The encoder.
fn shape(config: &ContrastiveTheoryConfig, data: &DataSet) -> MlpConfig {
    MlpConfig::new(data.train.width, &config.hidden, config.features)
}
