//! Hyper-parameters of the ensemble; those that TCRL has too have its values.

use settings::{Config, Refusal};

/// Hyper-parameters of the ensemble.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct TcrlEnsembleConfig {
    /// Copies of the world that act at once.
    #[setting(1, min = 1)]
    pub worlds: usize,
    /// Episodes before anything is learnt.
    #[setting(5, paper = 10, min = 1)]
    pub random_episodes: u64,
    /// Environment steps, all copies together, per update.
    #[setting(1, paper = 2, min = 1)]
    pub update_every: u64,
    /// Windows per update.
    #[setting(128, paper = 512, min = 1)]
    pub batch: usize,
    /// Environment steps that are remembered.
    #[setting(200_000, paper = 1_000_000)]
    pub capacity: usize,
    /// Adam's step size.
    #[setting(3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Weight decay.
    #[setting(1e-6, min = 0.0)]
    pub weight_decay: f64,
    /// Limit of the global gradient norm over all members.
    #[setting(10.0, above = 0.0)]
    pub gradient_clip: f32,
    /// Widths of the hidden layers of every member.
    #[setting([128, 128], paper = [512, 512, 512], min = 1)]
    pub hidden: Vec<usize>,
    /// Steps of a window, each of which is predicted from the one before.
    #[setting(5, min = 1)]
    pub horizon: usize,
}

impl TcrlEnsembleConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let least = (self.horizon + 1) * self.worlds;
        match self.capacity < least {
            true => Err(Refusal::new("capacity", self.capacity, format!("at least {least}"))),
            false => Ok(()),
        }
    }
}
