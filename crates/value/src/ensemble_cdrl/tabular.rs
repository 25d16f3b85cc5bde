//! The form on tables: a distribution of returns for every agent, state and action.

use agents::table::{TablePolicy, Walker};
use nets::argmax;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{AnyMethod, Policy, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, scores};
use worlds::tabular::{self, Table};

use super::{
    EnsembleConfig, Targets,
    grid::{Grid, blend},
    report::Report,
};

/// Rounds of one call of `advance`: enough that the loop around them does not count.
const CHUNK: u64 = 100;

/// Size of the random values that tables begin with, so that first greedy actions differ.
const NOISE: f64 = 1e-3;

/// One transition to learn from.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Where.
    pub state: usize,
    /// What was done.
    pub action: usize,
    /// What it earned.
    pub reward: f64,
    /// Where it led; nothing where it ended.
    pub next: Option<usize>,
}

/// The agents' distributions and their update.
#[derive(Clone)]
pub struct Group {
    grid: Grid,
    targets: Targets,
    alpha: f64,
    discount: f64,
    actions: usize,
    /// Per agent the distributions `[S, A, N]`, row-major.
    members: Vec<Vec<f64>>,
    /// Per agent their expectations `[S, A]`.
    values: Vec<Vec<f64>>,
}

impl Group {
    /// Agents whose mass lies at the atom nearest 0, but for noise of 1e-3 of their values, drawn
    /// per agent, state and action. `size` is the number of states and of actions.
    pub fn new(
        grid: Grid,
        targets: Targets,
        (alpha, discount): (f64, f64),
        agents: usize,
        (states, actions): (usize, usize),
        random: &mut ChaCha8Rng,
    ) -> Self {
        let nearest = (-grid.low / grid.step()).round().clamp(0.0, (grid.atoms - 1) as f64) as usize;
        let origin = grid.location(nearest);
        let mut member = || {
            let mut table = vec![0.0; states * actions * grid.atoms];
            for out in table.chunks_exact_mut(grid.atoms) {
                let _inside = grid.add(origin + NOISE * (2.0 * random.random::<f64>() - 1.0), 1.0, out);
            }
            table
        };
        let members = (0..agents).map(|_| member()).collect();
        let mut group = Self { grid, targets, alpha, discount, actions, members, values: Vec::new() };
        group.refresh();
        group
    }

    /// Number of agents.
    pub fn agents(&self) -> usize {
        self.members.len()
    }

    /// An agent's own greedy action, the first among equals.
    pub fn own_greedy(&self, agent: usize, state: usize) -> usize {
        argmax(&self.values[agent][state * self.actions..][..self.actions])
    }

    /// The greedy action of the mean values, the first among equals.
    pub fn joint_greedy(&self, state: usize) -> usize {
        let mut mean = vec![0.0; self.actions];
        for (before, values) in self.values.iter().enumerate() {
            blend(&mut mean, &values[state * self.actions..][..self.actions], before);
        }
        argmax(&mean)
    }

    /// Every agent learns from its sample of one round; all targets are made from the distributions
    /// before the round. Says how much of the targets' mass was clipped, summed over agents.
    pub fn learn(&mut self, samples: &[Sample]) -> f64 {
        let atoms = self.grid.atoms;
        let mut targets = vec![0.0; samples.len() * atoms];
        let mut clipped = 0.0;
        for (agent, (sample, out)) in samples.iter().zip(targets.chunks_exact_mut(atoms)).enumerate() {
            let next = sample.next.map(|state| self.next_distribution(agent, state));
            clipped += self.grid.target(sample.reward, self.discount, next.as_deref(), out);
        }
        for (agent, (sample, target)) in samples.iter().zip(targets.chunks_exact(atoms)).enumerate() {
            let pair = sample.state * self.actions + sample.action;
            let distribution = &mut self.members[agent][pair * atoms..][..atoms];
            for (mass, target) in distribution.iter_mut().zip(target) {
                *mass = (1.0 - self.alpha) * *mass + self.alpha * target;
            }
            self.values[agent][pair] = self.grid.expectation(distribution);
        }
        clipped
    }

    /// The next state's distribution `[N]` in an agent's target.
    fn next_distribution(&self, agent: usize, state: usize) -> Vec<f64> {
        match self.targets {
            Targets::Group => self.mixture(state, self.joint_greedy(state)),
            Targets::Own => self.distribution(agent, state, self.own_greedy(agent, state)).to_vec(),
            Targets::Action => self.distribution(agent, state, self.joint_greedy(state)).to_vec(),
        }
    }

    /// The mean of all agents' distributions, `[N]`.
    pub fn mixture(&self, state: usize, action: usize) -> Vec<f64> {
        let mut mean = vec![0.0; self.grid.atoms];
        for agent in 0..self.agents() {
            blend(&mut mean, self.distribution(agent, state, action), agent);
        }
        mean
    }

    /// An agent's distribution, `[N]`.
    pub fn distribution(&self, agent: usize, state: usize, action: usize) -> &[f64] {
        &self.members[agent][(state * self.actions + action) * self.grid.atoms..][..self.grid.atoms]
    }

    /// Gives every agent the first one's distributions.
    #[cfg(test)]
    pub fn equalise(&mut self) {
        let first = self.members[0].clone();
        self.members.fill(first);
        self.refresh();
    }

    fn refresh(&mut self) {
        let expectations = |member: &Vec<f64>| {
            member
                .chunks_exact(self.grid.atoms)
                .map(|distribution| self.grid.expectation(distribution))
                .collect()
        };
        self.values = self.members.iter().map(expectations).collect();
    }
}

/// The form on tables.
pub struct Tabular {
    table: Table,
    group: Group,
    epsilon: f64,
    shared: bool,
    /// One per agent, each in its own copy of the world.
    walkers: Vec<Walker>,
    report: Report,
}

impl Tabular {
    /// Fills the tables and places the walkers.
    pub fn new(config: &EnsembleConfig, table: Table, run: &mut Run) -> Self {
        let EnsembleConfig { agents, targets, shared_buffer: shared, .. } = *config;
        let size = (table.model.states(), table.model.actions());
        let rates = (config.tabular.alpha, table.discount);
        let group = Group::new(config.grid(), targets, rates, agents, size, run.random("init"));
        let walkers = (0..agents).map(|_| Walker::new(&table, run.random("walk"))).collect();
        Self { group, epsilon: config.tabular.epsilon, shared, walkers, report: Report::default(), table }
    }

    fn walk(&mut self, agent: usize, run: &mut Run) -> Sample {
        let state = self.walkers[agent].state();
        let random = run.random("policy");
        let action = match random.random::<f64>() < self.epsilon {
            true => random.random_range(0..self.table.model.actions()),
            false => self.group.own_greedy(agent, state),
        };
        let step = self.walkers[agent].step(&self.table, action, run.random("walk"));
        Sample { state, action, reward: step.reward, next: (!step.terminal).then_some(step.next) }
    }

    fn greedy(&self, choose: impl Fn(usize) -> usize) -> tabular::Policy {
        let model = &self.table.model;
        let choices: Vec<usize> = (0..model.states()).map(choose).collect();
        tabular::Policy::greedy(&choices, model.actions())
    }
}

impl AnyMethod for Tabular {
    /// Every agent walks and learns for a chunk of steps.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let rounds = run.total_steps().saturating_sub(run.steps()).clamp(1, CHUNK);
        for _ in 0..rounds {
            let mut samples: Vec<Sample> =
                (0..self.walkers.len()).map(|agent| self.walk(agent, run)).collect();
            if self.shared {
                let random = run.random("replay");
                samples = samples.iter().map(|_| samples[random.random_range(0..samples.len())]).collect();
            }
            let clipped = self.group.learn(&samples);
            self.report.clip(clipped, samples.len() as f64);
        }
        run.count_steps(rounds);
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(Box::new(TablePolicy::new(self.greedy(|state| self.group.joint_greedy(state)))))
    }

    /// Exact values of the greedy policies, discounted and over the start's distribution.
    fn evaluate(&mut self, _protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let value = |policy: tabular::Policy| {
            let values = self.table.model.policy_values(self.table.discount, &policy);
            self.table.model.start_value(&values)
        };
        let individual: Vec<f64> = (0..self.group.agents())
            .map(|agent| value(self.greedy(|state| self.group.own_greedy(agent, state))))
            .collect();
        let joint = value(self.greedy(|state| self.group.joint_greedy(state)));
        Ok(scores::exact(self.report.evaluated(&individual, joint, &self.group.grid, run)))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("ensemble", &(&self.group.members, &self.walkers, &self.report))
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let (members, walkers, report): (Vec<Vec<f64>>, Vec<Walker>, Report) = snapshot.get("ensemble")?;
        let sizes = |members: &[Vec<f64>]| members.iter().map(Vec::len).collect::<Vec<_>>();
        if sizes(&members) != sizes(&self.group.members) || walkers.len() != self.walkers.len() {
            return Err(RunError::Part(
                "the checkpoint's distributions are of another table, support or number of agents: resume \
                 with its own settings"
                    .to_owned(),
            ));
        }
        (self.group.members, self.walkers, self.report) = (members, walkers, report);
        self.group.refresh();
        Ok(())
    }
}
