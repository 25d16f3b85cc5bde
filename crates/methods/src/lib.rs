//! The methods: one file per paper, in a folder per family, and the registry that finds them.

pub mod baseline;
pub mod continual;
pub mod curriculum;
pub mod device;
mod experience;
mod export;
mod failure;
pub mod generative;
pub mod latent_action;
pub mod offline;
pub mod reasoning;
pub mod recorded;
pub mod representation;
pub mod sequence;
mod state;
pub mod table;
pub mod theory;
pub mod trajectories;
pub mod value;

use reasoning::tuner::Tuned;
use run::{Entry, Result, config};

pub use device::prepare_threads;
pub use representation::objectives;

/// Every method, in the order in which `list` shows them.
static ENTRIES: &[Entry] = &[
    Entry::of::<baseline::random::Random>(),
    Entry::of::<baseline::ppo::Ppo>(),
    Entry::of::<baseline::sac::Sac>(),
    Entry::of::<baseline::td3::Td3>(),
    Entry::of::<baseline::bc::Bc>(),
    Entry::of::<baseline::td3_bc::Td3Bc>(),
    Entry::of::<baseline::iql::Iql>(),
    Entry::of::<baseline::dqn::Dqn>(),
    Entry::of::<baseline::rainbow::Rainbow>(),
    Entry::of::<baseline::decision_transformer::DecisionTransformer>(),
    Entry::of::<representation::tcrl::Tcrl>(),
    Entry::of::<representation::spr::Spr>(),
    Entry::of::<theory::contrastive_theory::ContrastiveTheory>(),
    Entry::of::<continual::pec::Pec>(),
    Entry::of::<curriculum::alp_gmm::AlpGmm>(),
    Entry::of::<representation::self_predictive::SelfPredictive>(),
    Entry::of::<representation::td_infonce::TdInfoNce>(),
    Entry::of::<generative::decision_diffuser::DecisionDiffuser>(),
    Entry::of::<theory::latent_thresholds::LatentThresholds>(),
    Entry::of::<theory::lmdp_horizon_free::LmdpHorizonFree>(),
    Entry::of::<value::mdvi::Mdvi>(),
    Entry::of::<value::orchestrated_value_mapping::OrchestratedValueMapping>(),
    Entry::of::<value::ensemble_cdrl::EnsembleCdrl>(),
    Entry::of::<offline::prdc::Prdc>(),
    Entry::of::<sequence::doc_control::DocControl>(),
    Entry::of::<latent_action::lapo::Lapo>(),
    Entry::of::<Tuned<reasoning::sft::Sft>>(),
    Entry::of::<Tuned<reasoning::grpo::Grpo>>(),
    Entry::of::<Tuned<reasoning::rloo::Rloo>>(),
    Entry::of::<reasoning::ppo_lm::PpoLm>(),
    Entry::of::<Tuned<reasoning::dpo::Dpo>>(),
    Entry::of::<Tuned<reasoning::rent::Rent>>(),
    Entry::of::<Tuned<reasoning::intuitor::Intuitor>>(),
    Entry::of::<reasoning::hrpo::Hrpo>(),
    Entry::of::<reasoning::colar::Colar>(),
];

/// Every method, in the order in which `list` shows them.
pub fn all() -> &'static [Entry] {
    ENTRIES
}

/// The method of this name.
///
/// # Errors
/// There is none; the sentence names the nearest.
pub fn find(id: &str) -> Result<&'static Entry> {
    ENTRIES
        .iter()
        .find(|entry| entry.card.id == id)
        .ok_or_else(|| config::unknown("method", id, ENTRIES.iter().map(|entry| entry.card.id)))
}
