'use strict';
module.exports = require('./build/Release/holdfast.node');
