/** Runs one engine until it is killed. Arguments: the compiled module, and the options as JSON with keys as lists. */
const [, , compiled, json] = process.argv;
const options = JSON.parse(json);
const { openBuiltInChannel } = await import(compiled);
await openBuiltInChannel({ ...options, keys: options.keys.map((key) => Uint8Array.from(key)) }, () => {});
