// Tiles are kept as they come.
alias Held = vec4f;
