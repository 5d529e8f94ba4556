// Rows by words of four numbers, for rows that are whole words; word1.wgsl has the same names for the others. One of the two
// goes in front of a program over rows.
alias Word = vec4f;
const WORD = 4u;

fn wordSum(v: Word) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn wordMost(v: Word) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }

// Of the numbers in two words one after the other: those at even and at odd places, and back.
fn wordEvens(first: Word, second: Word) -> Word { return vec4f(first.xz, second.xz); }
fn wordOdds(first: Word, second: Word) -> Word { return vec4f(first.yw, second.yw); }
fn wordFirst(evens: Word, odds: Word) -> Word { return vec4f(evens.x, odds.x, evens.y, odds.y); }
fn wordSecond(evens: Word, odds: Word) -> Word { return vec4f(evens.z, odds.z, evens.w, odds.w); }
