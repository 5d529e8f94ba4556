// What is moved as bits, one word at a time; in front of a program that counts in them.
alias Bits = u32;
