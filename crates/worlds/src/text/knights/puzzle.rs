//! Puzzles of knights, who speak the truth, and knaves, who don't.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Most people of a puzzle.
pub(super) const CROWD: usize = 6;

/// "This person is a knight" or "is a knave".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Literal {
    pub person: usize,
    pub knight: bool,
}

impl Literal {
    fn draw(people: usize, random: &mut ChaCha8Rng) -> Self {
        Self { person: random.random_range(0..people), knight: random.random() }
    }

    /// Whether it is true where the first people have these roles; none where that is open.
    fn truth(self, roles: &[bool]) -> Option<bool> {
        roles.get(self.person).map(|role| *role == self.knight)
    }

    fn write(self, text: &mut String) {
        text.push(role(self.knight));
        text.push(letter(self.person));
    }

    fn read(text: &mut std::str::Chars<'_>, people: usize) -> Option<Self> {
        let knight = read_role(text.next()?)?;
        let person = (text.next()? as usize).checked_sub('A' as usize)?;
        (person < people).then_some(Self { person, knight })
    }
}

/// How two literals are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Joint {
    And,
    Or,
    Implies,
}

impl Joint {
    pub const ALL: [Self; 3] = [Self::And, Self::Or, Self::Implies];

    fn sign(self) -> char {
        match self {
            Self::And => '&',
            Self::Or => '|',
            Self::Implies => '>',
        }
    }

    /// The truth of the whole as soon as its parts settle it.
    fn truth(self, left: Option<bool>, right: Option<bool>) -> Option<bool> {
        let or = |left: Option<bool>, right: Option<bool>| match (left, right) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        let not = |part: Option<bool>| part.map(|truth| !truth);
        match self {
            Self::And => not(or(not(left), not(right))),
            Self::Or => or(left, right),
            Self::Implies => or(not(left), right),
        }
    }
}

/// What a person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Statement {
    Single(Literal),
    Pair(Joint, Literal, Literal),
}

impl Statement {
    /// Each of the four kinds equally often. A lone literal is never about the speaker, since "I am
    /// a knight" says nothing and nobody can say "I am a knave".
    fn draw(speaker: usize, people: usize, random: &mut ChaCha8Rng) -> Self {
        let literal = |random: &mut ChaCha8Rng| Literal::draw(people, random);
        match random.random_range(0..=Joint::ALL.len()) {
            0 => loop {
                let about = literal(random);
                if about.person != speaker {
                    return Self::Single(about);
                }
            },
            kind => Self::Pair(Joint::ALL[kind - 1], literal(random), literal(random)),
        }
    }

    fn truth(self, roles: &[bool]) -> Option<bool> {
        match self {
            Self::Single(literal) => literal.truth(roles),
            Self::Pair(joint, left, right) => joint.truth(left.truth(roles), right.truth(roles)),
        }
    }

    fn write(self, text: &mut String) {
        match self {
            Self::Single(literal) => literal.write(text),
            Self::Pair(joint, left, right) => {
                text.push(joint.sign());
                left.write(text);
                right.write(text);
            }
        }
    }

    fn read(text: &mut std::str::Chars<'_>, speaker: usize, people: usize) -> Option<Self> {
        let sign = text.clone().next()?;
        match Joint::ALL.into_iter().find(|joint| joint.sign() == sign) {
            None => {
                let literal = Literal::read(text, people)?;
                (literal.person != speaker).then_some(Self::Single(literal))
            }
            Some(joint) => {
                text.next();
                Some(Self::Pair(joint, Literal::read(text, people)?, Literal::read(text, people)?))
            }
        }
    }
}

/// One statement of each person, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Puzzle(pub Vec<Statement>);

impl Puzzle {
    /// Statements at random, whatever their number of solutions.
    pub fn draw(people: usize, random: &mut ChaCha8Rng) -> Self {
        Self((0..people).map(|speaker| Statement::draw(speaker, people, random)).collect())
    }

    /// The puzzle of a prompt such as `AkBBnA?`.
    pub fn read(prompt: &str) -> Option<Self> {
        let body = prompt.strip_suffix('?')?;
        (2..=CROWD).find_map(|people| Self::read_people(body, people)).map(Self)
    }

    fn read_people(body: &str, people: usize) -> Option<Vec<Statement>> {
        let mut text = body.chars();
        let mut statements = Vec::with_capacity(people);
        for speaker in 0..people {
            if text.next()? != letter(speaker) {
                return None;
            }
            statements.push(Statement::read(&mut text, speaker, people)?);
        }
        text.next().is_none().then_some(statements)
    }

    /// Its prompt.
    pub fn prompt(&self) -> String {
        let mut text = String::new();
        for (speaker, statement) in self.0.iter().enumerate() {
            text.push(letter(speaker));
            statement.write(&mut text);
        }
        text.push('?');
        text
    }

    /// Number of people.
    pub fn people(&self) -> usize {
        self.0.len()
    }

    /// Whether somebody among the first people, who have these roles, says what the role forbids,
    /// by Kleene's three-valued logic: a pair can be settled by one of its parts.
    pub fn contradicts(&self, roles: &[bool]) -> bool {
        let spoken = roles.iter().zip(&self.0);
        spoken.into_iter().any(|(role, statement)| statement.truth(roles).is_some_and(|truth| truth != *role))
    }

    /// The roles that fit all statements, where exactly one assignment does: all are tried.
    pub fn solution(&self) -> Option<Vec<bool>> {
        let people = self.people();
        let assignments = (0..1_usize << people)
            .map(|bits| (0..people).map(|person| bits >> person & 1 == 1).collect::<Vec<bool>>());
        let mut fitting = assignments.filter(|roles| !self.contradicts(roles));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }
}

/// `k` for a knight, `n` for a knave.
pub(super) fn role(knight: bool) -> char {
    if knight { 'k' } else { 'n' }
}

/// The role that a letter stands for.
pub(super) fn read_role(letter: char) -> Option<bool> {
    match letter {
        'k' => Some(true),
        'n' => Some(false),
        _ => None,
    }
}

/// `A`, `B`, ...
pub(super) fn letter(person: usize) -> char {
    char::from(b'A' + person as u8)
}
