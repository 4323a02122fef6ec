'use strict';

try {
  module.exports = require('./build/Release/holdfast.node');
} catch (cause) {
  throw new Error('Cannot load the native addon: run "npm run setup" in its package', { cause });
}
