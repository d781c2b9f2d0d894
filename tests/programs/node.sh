# needs: node
# An engine that maps its own heaps beside malloc, with worker threads.
cat >work.js <<'END'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
const zlib = require('zlib');
if (isMainThread) {
  const sumOf = (n) => new Promise((done) => new Worker(__filename, { workerData: n }).on('message', done));
  Promise.all([1, 2, 3, 4].map(sumOf)).then((sums) => console.log(sums.join('\n')));
} else {
  const hash = crypto.createHash('sha256');
  for (let i = 0; i < 300; i++) {
    const buffer = Buffer.alloc(i * 100 + workerData, 'x' + i);
    hash.update(zlib.gunzipSync(zlib.gzipSync(buffer)));
    hash.update(JSON.stringify({ i, text: buffer.toString('hex').slice(0, 50) }));
  }
  parentPort.postMessage(hash.digest('hex'));
}
END
node work.js
