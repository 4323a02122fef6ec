/**
 * Runs one engine until it is killed. Arguments: the compiled module, and the options as JSON with keys as lists. Tells its
 * parent of every event but what it is sent; a number from there is how many ms its main loop is to hang.
 */
const [, , compiled, json] = process.argv;
const options = JSON.parse(json);
const { openBuiltInChannel } = await import(compiled);
await openBuiltInChannel({ ...options, keys: options.keys.map((key) => Uint8Array.from(key)) }, (event) => {
  if (event.kind !== 'deliver') process.send?.(event);
});
process.on('disconnect', () => process.exit());
process.on('message', (hangMs) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, hangMs));
