//! Every method in one program. A method registers itself (`run::register!`) in the crate of its
//! family; a program finds in [`run::registry`] whatever crates are linked into it, and this crate
//! links all of them.

use agents as _;
use curriculum as _;
use latent_action as _;
use offline as _;
use reasoning as _;
use representation as _;
use theory as _;
use value as _;
