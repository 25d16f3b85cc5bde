//! Exported policies act as they do here.

use trials::export::follows;

#[test]
fn decoded_latent_policies() {
    let data = "data:maze-levels,levels=20/scripted,steps=300 in maze-levels";
    let small =
        ["encoder={kind=\"planes\",channels=[8]}", "hidden=32", "models.updates=0", "models.warm_up=0"];
    let decoded = ["policy.updates=800", "policy.learning_rate=3e-3", "decoder.updates=800"];
    follows("lapo", data, &[&small[..], &decoded].concat(), 1_600);
    follows("lapo", data, &[&small[..], &["variant=cloning", "policy.updates=400"]].concat(), 400);
}
