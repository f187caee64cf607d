const unpack = t => new Float32Array(Uint8Array.from(atob(t), c => c.charCodeAt()).buffer);
