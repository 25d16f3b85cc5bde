//! What the model reads: a question, a chain in blocks, an answer.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use settings::Choice;

/// How the vectors of a block become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Pooling {
    /// Their sum over the root of their number: of independent vectors it has the variance of one.
    #[default]
    Sqrt,
    /// Their mean, whose variance falls with their number.
    Mean,
}

impl Pooling {
    /// Weight of each vector in a block of so many.
    pub fn share(self, count: usize) -> f32 {
        match self {
            Self::Sqrt => 1.0 / (count as f32).sqrt(),
            Self::Mean => 1.0 / count as f32,
        }
    }
}

/// What the language head learns along the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Labels {
    /// A token of the next block, drawn uniformly, and the separator behind the last one.
    #[default]
    Random,
    /// The separator behind the last block alone.
    Stop,
}

/// What a slot of the input holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// The vectors of these tokens, added up with this weight each.
    Tokens(Vec<u32>, f32),
    /// A vector of its own, in units of the embedding's scale.
    Latent(Vec<f32>),
}

/// Something that was drawn, or is to be learnt, behind a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// The token.
    pub id: u32,
    /// Its log-probability when it was drawn; 0 where it was not.
    pub log_prob: f32,
}

/// One slot of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// What is read.
    pub content: Content,
    /// The token that the language head should say here.
    pub said: Option<Said>,
    /// Where the latent head should say the next slot's vector: its log-density when it was drawn, or 0.
    pub thought: Option<f32>,
}

impl Slot {
    /// One token behind which nothing is learnt.
    pub fn token(id: u32) -> Self {
        Self { content: Content::Tokens(vec![id], 1.0), said: None, thought: None }
    }

    /// The same where `id` follows, drawn with this log-probability.
    pub fn saying(mut self, id: u32, log_prob: f32) -> Self {
        self.said = Some(Said { id, log_prob });
        self
    }

    /// The same where the latent head says what comes next, drawn with this log-density.
    pub fn thinking(mut self, log_density: f32) -> Self {
        self.thought = Some(log_density);
        self
    }
}

/// A worked solution in tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The question and its speed.
    pub prompt: Vec<u32>,
    /// The worked steps, none of them a separator.
    pub chain: Vec<u32>,
    /// What follows the second separator, the end included.
    pub answer: Vec<u32>,
}

/// How a solution is laid out for fitting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Tokens of a block.
    pub speed: usize,
    /// How they become one vector.
    pub pooling: Pooling,
    /// What is learnt along the chain.
    pub labels: Labels,
    /// What stands before the chain, as a block of its own, and before the answer.
    pub separator: u32,
}

impl Layout {
    /// The slots of a solution: prompt, separator, blocks, separator, answer without its last token,
    /// which is only said. One number is drawn for every block, whichever labels are wanted.
    pub fn slots(&self, solution: &Solution, random: &mut ChaCha8Rng) -> Vec<Slot> {
        let mut slots: Vec<Slot> = solution.prompt.iter().map(|id| Slot::token(*id)).collect();
        slots.push(Slot::token(self.separator));
        for block in solution.chain.chunks(self.speed) {
            let label = block[random.random_range(0..block.len())];
            if let Some(before) = slots.last_mut() {
                before.thought = Some(0.0);
                before.said = (self.labels == Labels::Random).then_some(Said { id: label, log_prob: 0.0 });
            }
            let content = Content::Tokens(block.to_vec(), self.pooling.share(block.len()));
            slots.push(Slot { content, said: None, thought: None });
        }
        if let Some(last) = slots.last_mut() {
            *last = last.clone().saying(self.separator, 0.0).thinking(0.0);
        }
        let mut read = self.separator;
        for id in &solution.answer {
            slots.push(Slot::token(read).saying(*id, 0.0));
            read = *id;
        }
        slots
    }
}
