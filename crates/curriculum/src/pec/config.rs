//! Settings of prediction error-based classification and of what it is compared with.

use nets::mlp::Activation;
use settings::{Choice, Config, Refusal};

/// Who classifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum ClassifierKind {
    /// Prediction error-based classification.
    Pec,
    /// Its infinitely wide limit: minus the posterior variance of a Gaussian process per class.
    PecGp,
    /// One softmax network, trained on what arrives.
    Finetune,
    /// The same with the softmax over the classes of the current task only.
    LabelsTrick,
    /// Elastic weight consolidation.
    Ewc,
    /// Synaptic intelligence.
    Si,
    /// Learning without forgetting, with the labels trick.
    Lwf,
    /// The class whose mean input is nearest.
    NearestMean,
    /// Streaming linear discriminant analysis.
    Slda,
    /// One variational autoencoder per class.
    VaeGc,
    /// Experience replay with a small balanced buffer.
    Er,
}

/// Form of teacher and students.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Form {
    /// Linear, layer normalisation, activation, linear.
    Mlp,
    /// 3 x 3 convolution, instance normalisation, activation, average pool to 4 x 4, linear.
    Cnn,
}

/// What students learn to reproduce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Teacher {
    /// One fixed random network for all classes.
    Random,
    /// One fixed vector whatever the input: the key part removed.
    Constant,
    /// The random network, itself updated along with the students.
    Trained,
    /// A different fixed random network for every class.
    Own,
    /// The input itself.
    Input,
}

/// Learning rate within a class's task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Decay {
    /// Straight down to 0 over the task's steps, whose number must be known.
    Linear,
    /// Constant.
    Constant,
    /// rate/(1 + step/10): needs no end.
    Reciprocal,
}

/// Settings of prediction error-based classification.
///
/// The paper's values are the authors' for handwritten digits (MNIST), on the digits that the program
/// has.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct PecConfig {
    /// Who classifies: `pec`, `pec-gp`, `finetune`, `labels-trick`, `ewc`, `si`, `lwf`,
    /// `nearest-mean`, `slda`, `vae-gc` or `er`.
    #[setting(ClassifierKind::Pec)]
    pub variant: ClassifierKind,
    /// The data, as `digits8,standard=true`, `curves16` or `curves16,noise=0.3,train=60`.
    #[setting("curves16", paper = "digits8,standard=true")]
    pub data: String,
    /// Declared number of classes; 0 takes the data's.
    #[setting(0)]
    pub classes: usize,
    /// Classes that arrive together.
    #[setting(1, min = 1)]
    pub classes_per_task: usize,
    /// Order in which classes arrive; empty draws it from the seed.
    #[setting(Vec::new())]
    pub order: Vec<usize>,
    /// Whether a task's number of samples is known when it begins; a linear decay needs it.
    #[setting(true)]
    pub announced: bool,
    /// Form of teacher and students: `mlp` or `cnn` (image data only).
    #[setting(Form::Mlp)]
    pub form: Form,
    /// Hidden units, or channels, of a student.
    #[setting(24, paper = 10, min = 1)]
    pub width: usize,
    /// Width of the teacher in widths of a student.
    #[setting(20, paper = 500, min = 1)]
    pub multiplier: usize,
    /// Numbers that teacher and students put out.
    #[setting(16, paper = 99, min = 1)]
    pub outputs: usize,
    /// Non-linearity of teacher and students.
    #[setting(Activation::Gelu)]
    pub activation: Activation,
    /// Adam's step size at the beginning of a class.
    #[setting(0.01, above = 0.0)]
    pub learning_rate: f64,
    /// How the step size falls within a task: `linear`, `constant` or `reciprocal`.
    #[setting(Decay::Linear)]
    pub decay: Decay,
    /// Samples per update; a batch is split by class.
    #[setting(1, min = 1)]
    pub batch: usize,
    /// What students reproduce: `random`, `constant`, `trained`, `own` or `input`.
    #[setting(Teacher::Random)]
    pub teacher: Teacher,
    /// Whether all students start from identical weights.
    #[setting(true)]
    pub same_start: bool,
    /// Settings of what it is compared with.
    #[setting(group)]
    pub baseline: BaselineConfig,
}

/// Settings of the methods that prediction error-based classification is compared with. Their
/// networks have as many parameters as all students together.
#[derive(Clone, Debug, Config)]
pub struct BaselineConfig {
    /// Adam's step size.
    #[setting(3e-3, above = 0.0)]
    pub learning_rate: f64,
    /// Samples per update.
    #[setting(1, min = 1)]
    pub batch: usize,
    /// Factor on elastic weight consolidation's penalty.
    #[setting(100.0, min = 0.0)]
    pub ewc_strength: f64,
    /// Factor on synaptic intelligence's penalty.
    #[setting(1.0, min = 0.0)]
    pub si_strength: f64,
    /// Damping of synaptic intelligence's importances.
    #[setting(0.1, above = 0.0)]
    pub si_damping: f64,
    /// Factor on the distillation of learning without forgetting.
    #[setting(1.0, min = 0.0)]
    pub lwf_strength: f64,
    /// Softmax temperature of the distillation.
    #[setting(2.0, above = 0.0)]
    pub lwf_temperature: f64,
    /// Examples that experience replay keeps, the same number of each class.
    #[setting(50)]
    pub buffer: usize,
    /// Kept examples replayed per update.
    #[setting(30)]
    pub replay: usize,
    /// Latent dimensions of a class's variational autoencoder.
    #[setting(4, min = 1)]
    pub vae_latent: usize,
    /// Adam's step size of the variational autoencoders.
    #[setting(1e-2, above = 0.0)]
    pub vae_learning_rate: f64,
    /// Standard deviation of the decoder's normal distribution.
    #[setting(0.15, above = 0.0)]
    pub vae_deviation: f64,
    /// Importance samples in the estimate of a class's log-likelihood.
    #[setting(50, min = 1)]
    pub vae_samples: usize,
    /// Share of the identity in streaming discriminant analysis's covariance.
    #[setting(1e-4, min = 0.0, max = 1.0)]
    pub shrinkage: f64,
}

impl PecConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        if self.decay == Decay::Linear && !self.announced && self.variant == ClassifierKind::Pec {
            let allowed = "`constant` or `reciprocal` where `.announced` is false: a decay to zero needs the \
                           number of samples per task";
            return Err(Refusal::new("decay", self.decay.name(), allowed));
        }
        Ok(())
    }
}
