// Rows by words of one number, for rows of any length: see word4.wgsl.
alias Word = f32;
const WORD = 1u;

fn wordSum(v: Word) -> f32 { return v; }
fn wordMost(v: Word) -> f32 { return v; }

fn wordEvens(first: Word, second: Word) -> Word { return first; }
fn wordOdds(first: Word, second: Word) -> Word { return second; }
fn wordFirst(evens: Word, odds: Word) -> Word { return evens; }
fn wordSecond(evens: Word, odds: Word) -> Word { return odds; }
