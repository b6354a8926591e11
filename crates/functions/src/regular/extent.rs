//! How far a look-behind looks, as Java reckons it: one without a greatest length is no pattern.
//!
//! Java is not strict about it. A repetition without end has a length, of so many characters as an `int` counts, and is
//! refused only where adding it up overflows, as in `(?:ab)+`; a repeated group whose parts vary is always refused, even
//! `(a|bc){1,3}`. What Java refuses is the contract, so it is reckoned here in the same way.

/// As often as there is a repetition without end.
const WITHOUT_END: i32 = i32::MAX;

/// Of a sequence so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    longest: i32,
    /// What of this stands behind the last alternatives, if there are some: overflows are looked for only in it.
    since: i32,
    has_alternatives: bool,
    /// Whether there is a greatest length.
    pub is_bounded: bool,
    /// Whether all parts are always as long as they are.
    is_certain: bool,
}

/// What a quantifier may follow on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    Character,
    Reference,
    /// Plain or with a name.
    Group(Extent),
    /// An assertion, a group that does not go back, or `\R`.
    Apart(Extent),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

impl Extent {
    pub const NOTHING: Self = Self::characters(0);

    /// Of so many characters.
    pub const fn characters(longest: i32) -> Self {
        Self {
            longest,
            since: longest,
            has_alternatives: false,
            is_bounded: true,
            is_certain: true,
        }
    }

    /// The part once.
    pub fn add(&mut self, part: Part) {
        let part = part.extent();
        self.lengthen(part.longest);
        if part.has_alternatives {
            self.has_alternatives = true;
            self.since = part.since;
        }
        self.is_bounded &= part.is_bounded;
        self.is_certain &= part.is_certain;
    }

    /// The part from `least` to `most` times; `None`: without end.
    pub fn add_repeated(&mut self, part: Part, least: u32, most: Option<u32>, greed: Greed) {
        match part {
            // It or nothing.
            Part::Group(extent) if (least, most) == (0, Some(1)) && greed != Greed::Possessive => {
                return self.add(Part::Group(extent.or(Self::NOTHING)));
            }
            _ if (least, most) == (0, Some(1)) => {
                self.add(part);
                self.is_certain = false;
                return;
            }
            Part::Character if most.is_none() && greed == Greed::Greedy => {
                self.lengthen(WITHOUT_END);
                self.is_certain = false;
                return;
            }
            Part::Group(extent) if !extent.is_certain && greed != Greed::Possessive => {
                self.is_bounded = false;
            }
            _ => {}
        }
        let extent = part.extent();
        let times = most.map_or(Ok(WITHOUT_END), i32::try_from);
        let added = extent.longest.wrapping_mul(times.unwrap_or(WITHOUT_END));
        self.is_bounded &= extent.is_bounded && self.since.wrapping_add(added) >= self.since;
        self.lengthen(added);
        self.is_certain &= extent.is_certain && most == Some(least);
    }

    fn lengthen(&mut self, by: i32) {
        self.longest = self.longest.wrapping_add(by);
        self.since = self.since.wrapping_add(by);
    }

    /// This or the other.
    pub fn or(self, other: Self) -> Self {
        Self {
            longest: self.longest.max(other.longest),
            since: 0,
            has_alternatives: true,
            is_bounded: self.is_bounded && other.is_bounded,
            is_certain: false,
        }
    }
}

impl Part {
    fn extent(self) -> Extent {
        match self {
            Self::Character => Extent::characters(1),
            Self::Reference => Extent {
                is_bounded: false,
                ..Extent::NOTHING
            },
            Self::Group(extent) | Self::Apart(extent) => extent,
        }
    }
}
