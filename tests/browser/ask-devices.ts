// Every kernel is checked on both devices here; one that is missing fails.
(globalThis as { LLM_DEVICES?: string }).LLM_DEVICES = 'wasm,webgpu';
