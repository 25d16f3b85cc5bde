//! Similar pairs and negatives from latent classes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::data::Examples;

/// Draws classes by their probabilities, and examples of a class uniformly.
pub(super) struct Sampler {
    members: Vec<Vec<usize>>,
    /// Sums of the probabilities up to each class.
    cumulative: Vec<f64>,
}

/// Indices of the examples of a batch of tuples.
pub(super) struct Tuples {
    /// One per tuple.
    pub anchors: Vec<usize>,
    /// `block` per tuple.
    pub positives: Vec<usize>,
    /// `block`, or `negatives`, per tuple.
    pub negatives: Vec<usize>,
}

/// How tuples are made.
#[derive(Clone, Copy)]
pub(super) struct Recipe {
    /// Similar points per anchor.
    pub block: usize,
    /// Classes of negatives.
    pub negatives: usize,
    /// Positives come from a class of their own.
    pub shuffled: bool,
}

impl Sampler {
    /// A sampler over the classes of `prior`.
    ///
    /// # Errors
    /// A class that can be drawn has fewer than `block + 1` examples.
    pub fn new(examples: &Examples, prior: &[f64], block: usize) -> Result<Self, String> {
        let members = examples.by_class(prior.len());
        let needed = block + 1;
        for (class, (of_class, rho)) in members.iter().zip(prior).enumerate() {
            if *rho > 0.0 && of_class.len() < needed {
                return Err(format!(
                    "class {class} has {} examples, but a point and its {block} similar ones need {needed}: \
                     take more data or a smaller `block`",
                    of_class.len()
                ));
            }
        }
        let mut total = 0.0;
        let cumulative = prior.iter().map(|rho| {
            total += rho;
            total
        });
        Ok(Self { cumulative: cumulative.collect(), members })
    }

    /// A class by its probability.
    pub fn class(&self, random: &mut ChaCha8Rng) -> usize {
        let draw = random.random::<f64>() * self.cumulative.last().copied().unwrap_or(1.0);
        self.cumulative.iter().position(|&bound| draw < bound).unwrap_or(self.cumulative.len() - 1)
    }

    /// An example of a class.
    pub fn example(&self, class: usize, random: &mut ChaCha8Rng) -> usize {
        let members = &self.members[class];
        members[random.random_range(0..members.len())]
    }

    /// `count` tuples: a class and from it a point with its similar ones, all different; classes of
    /// negatives drawn likewise, the point's own included.
    pub fn draw(&self, count: usize, recipe: Recipe, random: &mut ChaCha8Rng) -> Tuples {
        let mut tuples = Tuples { anchors: Vec::new(), positives: Vec::new(), negatives: Vec::new() };
        for _ in 0..count {
            let class = self.class(random);
            let together = self.distinct(class, recipe.block + 1, random);
            tuples.anchors.push(together[0]);
            if recipe.shuffled {
                let other = self.class(random);
                tuples.positives.extend(self.distinct(other, recipe.block, random));
            } else {
                tuples.positives.extend(&together[1..]);
            }
            for _ in 0..recipe.negatives {
                let other = self.class(random);
                tuples.negatives.extend(self.distinct(other, recipe.block, random));
            }
        }
        tuples
    }

    /// `count` different examples of a class, which has at least that many.
    fn distinct(&self, class: usize, count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
        let mut chosen = Vec::with_capacity(count);
        while chosen.len() < count {
            let example = self.example(class, random);
            if !chosen.contains(&example) {
                chosen.push(example);
            }
        }
        chosen
    }
}

/// Every example of a batch once, and where in that list each mention lies: an example that occurs
/// in many tuples is encoded once.
pub(super) struct Mentions {
    /// The different examples in the order of their first mention.
    pub examples: Vec<usize>,
    place: Vec<usize>,
}

impl Mentions {
    /// The different examples among `lists`, of a data set of `size`.
    pub fn new(lists: &[&[usize]], size: usize) -> Self {
        let (mut examples, mut place) = (Vec::new(), vec![usize::MAX; size]);
        for &example in lists.iter().copied().flatten() {
            if place[example] == usize::MAX {
                place[example] = examples.len();
                examples.push(example);
            }
        }
        Self { examples, place }
    }

    /// Where each of these examples lies.
    pub fn places(&self, list: &[usize]) -> Vec<i64> {
        list.iter().map(|&example| self.place[example] as i64).collect()
    }
}
