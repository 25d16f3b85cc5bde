//! Stage `latent-actions`: the inverse model and the forward model.

use agents::failure::failure;
use learn::{optim::update, reduce};
use run::{Result, Run};

use super::{Lapo, Variant, decode::cross_entropy};

/// Share of the stage after which a codebook has to be in use.
const PATIENCE: f64 = 0.2;
/// A codebook below this perplexity has collapsed: less than one bit of it is in use.
const COLLAPSED: f64 = 1.5;

impl Lapo {
    /// One update of the models.
    pub(super) fn fit_models(&mut self, run: &mut Run) -> Result<()> {
        let rate = self.schedules[0].value(self.position.done);
        self.inverse.set_learning_rate(rate);
        self.forward.set_learning_rate(rate);
        match self.config.variant {
            Variant::Idm => self.fit_classifier(run),
            _ => self.reconstruct(run),
        }
    }

    /// The forward model makes the next frame from the past and the code; its error trains both
    /// models, the inverse model through the code.
    fn reconstruct(&mut self, run: &mut Run) -> Result<()> {
        let stage = self.config.models;
        let windows = self.frames.draw(stage.batch, run.random("windows"), &self.device)?;
        let inferred = self.inverse.module().forward(windows.all.clone().autodiff(), true);
        let code = inferred.code();
        let made = self.forward.module().forward(windows.past().autodiff(), code, true);
        let error = reduce::mean((made - windows.next().autodiff()).square());
        let (mut loss, mut perplexity) = (error.clone(), Vec::new());
        if let Some(quantised) = inferred.quantised {
            let commitment = f64::from(quantised.commitment.clone().into_scalar::<f32>());
            run.log("loss/commitment", commitment)?;
            loss = loss + quantised.commitment;
            perplexity = quantised.perplexity.into_data().iter::<f32>().map(f64::from).collect();
        }
        run.log("loss/reconstruction", f64::from(error.into_scalar::<f32>()))?;
        for (codebook, value) in perplexity.iter().enumerate() {
            run.log(&format!("diag/perplexity_{codebook}"), *value)?;
        }
        let done = update("models", loss, &mut [&mut self.inverse, &mut self.forward], stage.clip())
            .map_err(|error| failure(run, error))?;
        run.count_updates("models", 1);
        if self.position.done + 1 == (PATIENCE * stage.updates as f64).ceil() as u64 {
            let done = self.position.done + 1;
            let told = perplexity.iter().enumerate();
            let told = told.filter_map(|(book, value)| collapse(book, *value, done, stage.updates));
            told.for_each(|sentence| run.note(sentence));
        }
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }

    /// The inverse model as a classifier of the labelled windows, without a forward model.
    fn fit_classifier(&mut self, run: &mut Run) -> Result<()> {
        let stage = self.config.models;
        let (windows, actions) = self.labelled(stage.batch, run)?;
        let logits = self.inverse.module().network.forward(windows.all.autodiff());
        let loss = cross_entropy(logits, &actions, 0.0);
        let done = update("classifier", loss, &mut [&mut self.inverse], stage.clip())
            .map_err(|error| failure(run, error))?;
        run.count_updates("models", 1);
        run.log("loss/classifier", f64::from(done.loss))
    }
}

/// What is to be said of a codebook of this perplexity after `done` of `updates` updates: nothing
/// unless it has collapsed.
pub(super) fn collapse(codebook: usize, perplexity: f64, done: u64, updates: u64) -> Option<String> {
    (perplexity < COLLAPSED).then(|| {
        format!(
            "codebook {codebook} has collapsed: its perplexity is {perplexity:.2} after {done} of {updates} \
             updates, where 1 is a single code in use; raise `quantiser.commitment` or lower \
             `models.learning_rate`"
        )
    })
}
