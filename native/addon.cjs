'use strict';

function load() {
  try {
    return require('./build/Release/holdfast.node');
  } catch (cause) {
    throw new Error('Cannot load the native addon: run "npm run setup" in its package', { cause });
  }
}

const native = load();

// One by one, because Node finds the names that an ES module can import by reading this text.
exports.openNetlink = native.openNetlink;
exports.openPacket = native.openPacket;
exports.openUnixDatagram = native.openUnixDatagram;
exports.openRaw = native.openRaw;
exports.lockFile = native.lockFile;
exports.setThreadRealtime = native.setThreadRealtime;
exports.lockMemory = native.lockMemory;
exports.effectiveCapabilities = native.effectiveCapabilities;
exports.replaceProcess = native.replaceProcess;
