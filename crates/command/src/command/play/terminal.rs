//! Episodes live in the terminal, two pixels to a character.

use std::time::{Duration, Instant};

use ratatui::{
    DefaultTerminal, Frame,
    crossterm::event::{self, Event, KeyCode, KeyModifiers},
    layout::Rect,
    style::Color,
};
use worlds::Canvas;

use crate::{
    failure::Failure,
    output::number,
    player::{Episode, Player},
};

/// Time between steps, and after the last one of an episode.
const STEP: Duration = Duration::from_millis(33);
const PAUSE: Duration = Duration::from_millis(800);

/// Plays until the user has seen enough.
pub fn show(mut player: Player, world: &str) -> Result<(), Failure> {
    let mut terminal = ratatui::try_init().map_err(unusable)?;
    let shown = play(&mut terminal, &mut player, world);
    ratatui::restore();
    shown
}

fn unusable(error: std::io::Error) -> Failure {
    Failure::failed(format!("the terminal cannot be used: {error}"))
}

fn play(terminal: &mut DefaultTerminal, player: &mut Player, world: &str) -> Result<(), Failure> {
    let (mut episodes, mut last) = (1, None);
    let mut ended = None;
    loop {
        let title = title(world, player.episode, episodes, last);
        terminal.draw(|frame| draw(frame, player, &title)).map_err(unusable)?;
        if quits(if ended.is_some() { PAUSE } else { STEP })? {
            return Ok(());
        }
        if ended.is_some() {
            (episodes, last) = (episodes + 1, ended);
        }
        ended = player.step()?;
    }
}

fn title(world: &str, running: Episode, episodes: u64, last: Option<Episode>) -> String {
    let last = last.map_or(String::new(), |episode| format!("  last return {}", number(episode.total)));
    format!(
        "{world}  episode {episodes}  step {}  return {}{last}  q quits",
        running.length,
        number(running.total)
    )
}

/// Waits; says whether the user wants to stop.
fn quits(time: Duration) -> Result<bool, Failure> {
    let until = Instant::now() + time;
    while event::poll(until.saturating_duration_since(Instant::now())).map_err(unusable)? {
        if let Event::Key(key) = event::read().map_err(unusable)? {
            let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A title, and below it the largest square that fits, in half blocks: the upper pixel is the
/// character's own colour, the lower one its background.
fn draw(frame: &mut Frame<'_>, player: &Player, title: &str) {
    let area = frame.area();
    frame.render_widget(title, Rect { height: area.height.min(1), ..area });
    let side = usize::from(area.width).min(2 * usize::from(area.height.saturating_sub(1))) & !1;
    if side == 0 {
        return;
    }
    let mut canvas = Canvas::new(side, side);
    player.draw(&mut canvas);
    let left = (area.width - side as u16) / 2;
    let colour =
        |x, y| canvas.get(x, y).map_or(Color::Reset, |[red, green, blue]| Color::Rgb(red, green, blue));
    for row in 0..side / 2 {
        for column in 0..side {
            let place = (area.x + left + column as u16, area.y + 1 + row as u16);
            if let Some(cell) = frame.buffer_mut().cell_mut(place) {
                cell.set_char('▀').set_fg(colour(column, 2 * row)).set_bg(colour(column, 2 * row + 1));
            }
        }
    }
}
