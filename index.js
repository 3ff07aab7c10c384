// n8n finds the nodes through package.json's "n8n" field; nothing is exported here.
module.exports = {};
