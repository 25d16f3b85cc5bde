//! The class-incremental protocol: classes arrive in tasks, every example is seen once, and no task
//! is named at test time.

use rand_chacha::ChaCha8Rng;
use worlds::data::permutation;

use crate::error::LearnError;

/// Some classes that arrive together, and their examples in the order in which they are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassTask {
    /// The task's classes.
    pub classes: Vec<usize>,
    /// Indices of its examples.
    pub examples: Vec<usize>,
}

/// Splits examples of `classes` classes into tasks of `per_task` classes each (the last may have
/// fewer), in the order of classes given, or in one drawn uniformly where `order` is empty. Classes
/// that the order leaves out never arrive.
///
/// # Errors
/// A label out of range, or an order that names a class twice or one that does not exist.
pub fn class_incremental(
    labels: &[usize],
    classes: usize,
    per_task: usize,
    order: &[usize],
    random: &mut ChaCha8Rng,
) -> Result<Vec<ClassTask>, LearnError> {
    let refuse = |reason: String| Err(LearnError::Examples { reason });
    if let Some(label) = labels.iter().find(|&&label| label >= classes) {
        return refuse(format!(
            "label {label} lies outside the declared classes 0 to {}",
            classes.max(1) - 1
        ));
    }
    for (place, class) in order.iter().enumerate() {
        if *class >= classes {
            return refuse(format!(
                "class {class} in the order of classes is not one of 0 to {}",
                classes - 1
            ));
        }
        if order[..place].contains(class) {
            return refuse(format!(
                "a task revisits class {class}, which was trained before: name each class once, since a \
                 schedule that has ended cannot be reopened"
            ));
        }
    }
    let drawn = permutation(classes, random);
    let order = if order.is_empty() { drawn } else { order.to_vec() };
    let task = |classes: &[usize], random: &mut ChaCha8Rng| {
        let members: Vec<usize> =
            (0..labels.len()).filter(|&index| classes.contains(&labels[index])).collect();
        let examples = permutation(members.len(), random).into_iter().map(|place| members[place]).collect();
        ClassTask { classes: classes.to_vec(), examples }
    };
    Ok(order.chunks(per_task.max(1)).map(|classes| task(classes, random)).collect())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_example_is_seen_once_in_the_task_of_its_class() {
        let labels: Vec<usize> = (0..50).map(|index| index % 5).collect();
        let tasks = class_incremental(&labels, 5, 2, &[], &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        assert_eq!(tasks.iter().map(|task| task.classes.len()).collect::<Vec<_>>(), [2, 2, 1]);
        let mut seen: Vec<usize> = tasks.iter().flat_map(|task| task.examples.clone()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        for task in &tasks {
            assert!(task.examples.iter().all(|&index| task.classes.contains(&labels[index])));
        }
    }

    #[test]
    fn impossible_streams_are_refused() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let mut error = |labels: &[usize], order: &[usize]| {
            class_incremental(labels, 3, 1, order, random).unwrap_err().to_string()
        };
        assert!(error(&[0, 3], &[]).contains("label 3 lies outside the declared classes 0 to 2"));
        assert!(error(&[0], &[0, 1, 0]).contains("revisits class 0"));
        assert!(error(&[0], &[5]).contains("class 5"));
    }
}
