// Tiles are kept in half the room: operands are rounded to f16 on their way into workgroup memory, and multiplied and added in f32.
enable f16;
alias Held = vec4<f16>;
