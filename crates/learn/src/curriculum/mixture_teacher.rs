//! Teachers that fit a mixture of Gaussians to recent tasks and what they brought (Portelas et al.,
//! 2019): ALP-GMM, and Covar-GMM (after Moulin-Frier et al., 2014).

use std::ops::RangeInclusive;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use settings::{Config, Refusal};
use worlds::world::{decode, encode};

use super::{Bounds, Fit, Teacher, Update, progress::AbsoluteProgress};
use crate::cluster::{Criterion, FitSettings, Mixture};

/// What stands beside a task in the rows that the mixture is fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The episode's absolute learning progress; a component is ranked by its mean (ALP-GMM).
    AbsoluteProgress,
    /// The episode's time within the window, from 0 to 1, and its reward; a component is ranked by
    /// their covariance, where it is positive (Covar-GMM).
    Trend,
}

/// What components are drawn by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, settings::Choice)]
pub enum ComponentRule {
    /// Their learning progress.
    Progress,
    /// Their weight in the mixture, which only says where tasks were drawn before.
    Weight,
}

/// How mixtures are fitted and tasks drawn.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::components_fit)]
pub struct MixtureSettings {
    /// Episodes between fits, each on the episodes since the last; the first so many are uniform.
    #[setting(250)]
    pub fit_rate: usize,
    /// Fewest components that are tried.
    #[setting(2, min = 1)]
    pub fewest: usize,
    /// Most components that are tried.
    #[setting(10)]
    pub most: usize,
    /// What chooses among the numbers of components: aic, bic or aicc.
    #[setting(Criterion::Aic)]
    pub criterion: Criterion,
    /// What components are drawn by: progress, or weight (which leaves the progress out).
    #[setting(ComponentRule::Progress)]
    pub choice: ComponentRule,
    /// Probability of a uniform task.
    #[setting(0.2, min = 0.0, max = 1.0)]
    pub random_share: f64,
    /// Earlier episodes that progress is measured against; 0 for all.
    #[setting(0)]
    pub history: usize,
}

impl MixtureSettings {
    fn components_fit(&self) -> Result<(), Refusal> {
        if (self.fewest..=self.fit_rate).contains(&self.most) {
            return Ok(());
        }
        let allowed = format!(
            "neither below `.fewest`, which is {}, nor above `.fit_rate`, which is {}",
            self.fewest, self.fit_rate
        );
        Err(Refusal::new("most", self.most, allowed))
    }
}

/// Fits a mixture to the last episodes' tasks and signals, draws a component by its progress and a
/// task from the component.
#[derive(Clone, Debug)]
pub struct MixtureTeacher {
    bounds: Bounds,
    settings: MixtureSettings,
    signal: Signal,
    progress: AbsoluteProgress,
    /// Rows of tasks and signals since the last fit.
    window: Vec<f64>,
    episodes: u64,
    trace: Vec<Fit>,
    warned: bool,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    progress: Vec<u8>,
    window: Vec<f64>,
    episodes: u64,
    trace: Vec<Fit>,
    warned: bool,
}

impl MixtureTeacher {
    /// A teacher for this box.
    ///
    /// # Errors
    /// Too few episodes between fits for a full covariance, or a setting out of range.
    pub fn new(bounds: Bounds, settings: MixtureSettings, signal: Signal) -> Result<Self, Refusal> {
        settings.check()?;
        let columns = bounds.dimensions() + signal.columns();
        if settings.fit_rate < 10 * columns {
            let why = format!(
                "these are too few points for a full covariance in {columns} dimensions, which needs at least {}",
                10 * columns
            );
            return Err(Refusal::saying("fit_rate", settings.fit_rate, why));
        }
        Ok(Self {
            progress: AbsoluteProgress::new(bounds.dimensions(), settings.history),
            bounds,
            settings,
            signal,
            window: Vec::new(),
            episodes: 0,
            trace: Vec::new(),
            warned: false,
        })
    }

    /// The mixture that tasks are drawn from, once there is one.
    pub fn mixture(&self) -> Option<&Mixture> {
        self.trace.last().map(|fit| &fit.mixture)
    }

    /// What every component of a mixture is worth: its progress, at least 0.
    fn progress_of(&self, mixture: &Mixture) -> Vec<f64> {
        let size = self.bounds.dimensions();
        let progress = mixture.components.iter().map(|component| match self.signal {
            Signal::AbsoluteProgress => component.mean[size].max(0.0),
            Signal::Trend => component.covariance_of(size, size + 1).max(0.0),
        });
        progress.collect()
    }

    /// Fits a new mixture to the window and begins another one.
    fn fit(&mut self, random: &mut ChaCha8Rng) -> Update {
        let columns = self.bounds.dimensions() + self.signal.columns();
        let window = std::mem::take(&mut self.window);
        let counts: RangeInclusive<usize> = self.settings.fewest..=self.settings.most;
        let settings = FitSettings::default();
        let mixture = Mixture::select(&window, columns, counts, self.settings.criterion, settings, random);
        let Some(mixture) = mixture else {
            return Update {
                warning: Some(
                    "no mixture could be fitted to the last episodes; the last one stays".to_owned(),
                ),
                ..Update::default()
            };
        };
        let idle = self.progress_of(&mixture).iter().all(|progress| *progress == 0.0);
        let warn = idle && !self.warned && self.settings.choice == ComponentRule::Progress;
        self.warned |= warn;
        let parts = Some(mixture.components.len());
        self.trace.push(Fit { episodes: self.episodes, mixture });
        let warning = warn.then(|| {
            "no component of the mixture shows any learning progress: they are drawn uniformly until one does"
                .to_owned()
        });
        Update { progress: None, parts, warning }
    }
}

impl Signal {
    /// Numbers beside a task in a row.
    fn columns(self) -> usize {
        match self {
            Signal::AbsoluteProgress => 1,
            Signal::Trend => 2,
        }
    }
}

impl Teacher for MixtureTeacher {
    fn sample(&mut self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let Some(mixture) = self.mixture() else { return self.bounds.uniform(random) };
        if random.random::<f64>() < self.settings.random_share {
            return self.bounds.uniform(random);
        }
        let weights = match self.settings.choice {
            ComponentRule::Progress => self.progress_of(mixture),
            ComponentRule::Weight => mixture.components.iter().map(|component| component.weight).collect(),
        };
        // Drawn from the joint Gaussian; the signal's coordinates are dropped.
        let mut point = mixture.choose(&weights, random).sample(random);
        point.truncate(self.bounds.dimensions());
        self.bounds.clip(point)
    }

    fn update(&mut self, task: &[f64], reward: f64, random: &mut ChaCha8Rng) -> Update {
        let rows = self.episodes as usize % self.settings.fit_rate;
        self.episodes += 1;
        self.window.extend_from_slice(task);
        let progress = match self.signal {
            Signal::AbsoluteProgress => {
                let progress = self.progress.update(task, reward);
                self.window.push(progress);
                Some(progress)
            }
            Signal::Trend => {
                self.window.extend([rows as f64 / self.settings.fit_rate as f64, reward]);
                None
            }
        };
        let full = rows + 1 == self.settings.fit_rate;
        let update = if full { self.fit(random) } else { Update::default() };
        Update { progress, ..update }
    }

    fn trace(&self) -> &[Fit] {
        &self.trace
    }

    fn save(&self) -> Vec<u8> {
        encode(&Saved {
            progress: self.progress.save(),
            window: self.window.clone(),
            episodes: self.episodes,
            trace: self.trace.clone(),
            warned: self.warned,
        })
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let saved: Saved = decode(state)?;
        self.progress.restore(&saved.progress)?;
        self.window = saved.window;
        self.episodes = saved.episodes;
        self.trace = saved.trace;
        self.warned = saved.warned;
        Ok(())
    }
}
