require('node:http')
  .createServer((request, response) => response.end('hello without dependencies\n'))
  .listen(process.env.PORT, '0.0.0.0');
