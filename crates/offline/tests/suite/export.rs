//! Exported policies act as they do here.

use trials::export::follows;

#[test]
fn policies_of_vectors() {
    let swings = "data:pendulum/scripted,skill=0.5,steps=400 in pendulum";
    follows("prdc", swings, &["agent.hidden=[8]", "agent.batch=16"], 200);
}
