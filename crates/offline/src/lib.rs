//! Papers on recorded experience: offline policies, generative plans, sequence models.

pub mod decision_diffuser;
pub mod doc_control;
pub mod prdc;

#[cfg(test)]
trials::family!();
