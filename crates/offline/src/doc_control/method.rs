//! What surrounds the algorithm: forms, evaluation, checkpoints.

use agents::{
    device,
    state::{load_trained, save_trained},
    table::TablePolicy,
    trajectories::Trajectories,
};
use learn::optim::{AdamSettings, Trained};
use nets::trajectory::Rolling;
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, data::Data, scores, task::World,
};
use worlds::tabular::Table;

use super::{
    CodePolicy, Deep, DeepConfig, DocControl, DocControlConfig, Form, Learner,
    cells::Cells,
    measure,
    networks::{Networks, Sizes},
    tabular::Tabular,
};

run::register!(DocControl);

impl Method for DocControl {
    const CARD: Card = Card {
        id: "doc-control",
        title: "Dichotomy of Control: Separating What You Can Control from What You Cannot",
        paper: "Yang et al., ICLR 2023, arXiv 2210.13435",
        family: "sequence",
        summary: "imitation conditioned on a code of the future that knows nothing of luck",
        needs: &[Need::Data {
            actions: DataActions::Any,
            rewards: true,
            observations: ObservationNeed::Vector,
        }],
        metrics: &[
            "diag/consistency_gap",
            "diag/mutual_information",
            "diag/energy_bound",
            "diag/promised",
            "loss/policy",
            "loss/value",
            "loss/energy",
            "loss/posterior",
            "loss/prior",
            "loss/total",
        ],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 4_000,
        instead: "",
    };
    type Config = DocControlConfig;

    fn build(config: DocControlConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        let table = match &data.set.spec().world {
            Some(name) => worlds::table(name)?,
            None => None,
        };
        let cells = || Cells::new(&data.set, table.as_ref(), &config.tabular);
        let form = match config.variant {
            Form::Auto if table.is_some() => Form::Tabular,
            Form::Auto => Form::Deep,
            other => other,
        };
        let learner = match form {
            Form::Tabular => Learner::Tabular(Box::new(Tabular::new(&config, cells()?, run))),
            Form::Dt => {
                let cells = cells()?;
                let top = cells.bin_values.len() - 1;
                let policy = cells.frequencies(|sample| sample.bin == top)?;
                Learner::Counts(policy, cells.bin_values.last().copied())
            }
            Form::Bc => Learner::Counts(cells()?.frequencies(|_| true)?, None),
            Form::Deep | Form::Auto => Learner::Deep(Box::new(Deep::new(&config, data, run)?)),
        };
        Ok(Self { learner })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.learner {
            Learner::Tabular(tabular) => tabular.advance(run)?,
            Learner::Counts(..) => run.count_steps(1),
            Learner::Deep(deep) => deep.learn(run)?,
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(match &self.learner {
            Learner::Tabular(tabular) => Box::new(TablePolicy::new(tabular.outcome().ok()?.policy)),
            Learner::Counts(policy, _) => Box::new(TablePolicy::new(policy.clone())),
            Learner::Deep(deep) => Box::new(deep.policy()),
        })
    }

    /// In a world whose table is known, the exact return of the policy with its own probabilities,
    /// whatever the protocol's mode; elsewhere complete episodes.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let mut scores = match &self.learner {
            Learner::Tabular(tabular) => scores::exact([("diag/mutual_information", tabular.information())]),
            _ => Scores::new(),
        };
        let Some(world) = &protocol.world else { return Ok(scores) };
        let table = worlds::table(&world.spec.name)?;
        let more = match (&self.learner, table) {
            (Learner::Deep(deep), _) => deep.evaluate(world, protocol, run)?,
            (Learner::Tabular(tabular), Some(table)) => {
                let outcome = tabular.outcome()?;
                check(&outcome.policy, &table, world)?;
                let behaviour = tabular.cells.frequencies(|_| true)?;
                let after = measure::values(&table, &behaviour, 1);
                let real = measure::first_step(&table, &outcome.policy, &after);
                scores::exact([
                    ("eval/return", table.model.start_value(&measure::values(&table, &outcome.policy, 0))),
                    ("diag/promised", table.model.start_value(&outcome.promised)),
                    ("diag/consistency_gap", measure::gap(&table, &outcome.promised, &real)),
                ])
            }
            (Learner::Counts(policy, promised), Some(table)) => {
                check(policy, &table, world)?;
                let real = measure::values(&table, policy, 0);
                let mut values = vec![("eval/return", table.model.start_value(&real))];
                if let Some(promised) = promised {
                    let gap = measure::gap(&table, &vec![*promised; real.len()], &real);
                    values.extend([("diag/promised", *promised), ("diag/consistency_gap", gap)]);
                }
                scores::exact(values)
            }
            (_, None) => scores::of_policy(self.policy(), protocol, run)?,
        };
        scores.extend(more);
        Ok(scores)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.learner {
            Learner::Tabular(tabular) => snapshot.put("doc-control", &tabular.tables),
            Learner::Counts(..) => Ok(()),
            Learner::Deep(deep) => deep.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.learner {
            Learner::Tabular(tabular) => tabular.tables = snapshot.get("doc-control")?,
            Learner::Counts(..) => {}
            Learner::Deep(deep) => deep.load(snapshot)?,
        }
        Ok(())
    }
}

/// Refuses a world of another number of states or actions than the data's.
fn check(policy: &worlds::tabular::Policy, table: &Table, world: &World) -> Result<()> {
    let (states, actions) = (policy.states(), policy.actions());
    if (states, actions) == (table.model.states(), table.model.actions()) {
        return Ok(());
    }
    Err(RunError::Task(format!(
        "a policy over {states} states and {actions} actions cannot be scored in `{}`: evaluate in the world that \
         the data come from",
        world.spec.name
    )))
}

impl Deep {
    /// Draws the networks.
    fn new(config: &DocControlConfig, data: &Data, run: &mut Run) -> Result<Self> {
        let DeepConfig { context, future, return_scale, learning_rate, .. } = config.deep;
        let data = Trajectories::new(data, context - 1, future, return_scale)?;
        let device = device::parse(run.device())?;
        let sizes = Sizes {
            input: data.input(),
            actions: data.actions(),
            discrete: data.discrete(),
            longest: data.longest(),
        };
        let training = device.clone().autodiff();
        let networks = Networks::new(&config.deep, sizes, &training, run.random("init"));
        let networks = Trained::new(networks.map_err(RunError::part)?, AdamSettings::new(learning_rate));
        Ok(Self { config: config.clone(), data, device, networks })
    }

    /// A policy from a copy of the networks.
    fn policy(&self) -> CodePolicy {
        let DeepConfig { context, future, .. } = self.config.deep;
        let sizes = vec![1, self.data.input(), self.data.actions()];
        CodePolicy {
            networks: self.networks.inference().clone(),
            reading: self.data.recorded().reading().clone(),
            bounds: self.data.recorded().scale().clone(),
            device: self.device.clone(),
            discrete: self.data.discrete(),
            actions: self.data.actions(),
            config: self.config.clone(),
            rolling: Rolling::new(sizes, context - 1 + future),
            rows: Vec::new(),
            promised: Vec::new(),
        }
    }

    /// Complete episodes, and how far the mean return is from the mean value of the codes that were
    /// chosen at their starts.
    fn evaluate(&self, world: &World, protocol: &Protocol, run: &Run) -> Result<Scores> {
        let (mut policy, mut random) = (self.policy(), run.derived("eval", protocol.seed));
        let mut found = scores::evaluate(&mut policy, world, protocol, &mut random)?;
        let promised = policy.promised.iter().map(|value| f64::from(*value) * self.data.scale());
        let promised = promised.sum::<f64>() / policy.promised.len().max(1) as f64;
        if let Some(real) = found.get("eval/return").map(|score| score.mean) {
            let gap = (promised - real).abs();
            found.extend(scores::exact([("diag/promised", promised), ("diag/consistency_gap", gap)]));
        }
        Ok(found)
    }

    /// Writes the networks and their optimiser.
    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("networks", &self.networks)]);
        self.data.recorded().save(snapshot)
    }

    /// Takes them back.
    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.data.recorded().check(snapshot)?;
        load_trained(snapshot.arrays(), &mut [("networks", &mut self.networks)])
    }
}
