//! Settings of teacher and student.

use agents::baseline::ppo::PpoConfig;
use learn::curriculum::{MixtureSettings, OracleSettings, RiacSettings};
use settings::{Choice, Config, Refusal};

/// Who chooses the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum TeacherKind {
    /// A mixture over parameters and absolute learning progress.
    AlpGmm,
    /// A mixture over parameters, time and reward; progress is the covariance of the last two.
    CovarGmm,
    /// A tree of boxes with a progress each.
    Riac,
    /// Uniform tasks.
    Random,
    /// A hand-made window that moves from easy to hard tasks.
    Oracle,
}

/// Hyper-parameters of teacher and student.
///
/// The paper's teacher in the world's own units, with a student of its networks' widths.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct AlpGmmConfig {
    /// Who chooses the tasks: alp-gmm, covar-gmm, riac, random or oracle.
    #[setting(TeacherKind::AlpGmm)]
    pub teacher: TeacherKind,
    /// Whether every parameter is scaled to [0, 1] for the teacher; otherwise it sees the world's
    /// units.
    #[setting(true, paper = false)]
    pub scale: bool,
    /// Returns that are mapped to the teacher's rewards 0 and 1, as [low, high]; others are clamped.
    /// Empty: from 0 to the best return that is known of the world.
    #[setting(Vec::new())]
    pub returns: Vec<f64>,
    /// The mixtures of alp-gmm and covar-gmm.
    #[setting(group, paper = MixtureSettings::default())]
    pub mixture: MixtureSettings,
    /// The regions of riac.
    #[setting(group, paper = RiacSettings::default())]
    pub riac: RiacSettings,
    /// The window of oracle.
    #[setting(group, paper = OracleSettings::default())]
    pub oracle: OracleSettings,
    /// Fixed learnable tasks that a student is tested on, one episode each.
    #[setting(50, min = 1)]
    pub test_tasks: usize,
    /// Reward, in [0, 1], from which on a student masters a test task.
    #[setting(0.76, min = 0.0, max = 1.0)]
    pub mastered: f64,
    /// The student of a control world; a world such as cube-toy is its own student.
    #[setting(group, laptop = PpoConfig { worlds: 8, epochs: 4, ..PpoConfig::default() }, paper = PpoConfig { hidden: vec![400, 300], ..PpoConfig::paper() })]
    pub student: PpoConfig,
}

impl AlpGmmConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        match self.returns[..] {
            [] => Ok(()),
            [low, high] if low < high => Ok(()),
            _ => Err(Refusal::new(
                "returns",
                format!("{:?}", self.returns),
                "[low, high] with the lower one first, or empty",
            )),
        }
    }
}
