// What is moved as bits, four words at a time; in front of a program that counts in them.
alias Bits = vec4u;
