require('node:http')
  .createServer((request, response) => response.end(`${process.env.GREETING} from the Procfile\n`))
  .listen(process.env.PORT, '0.0.0.0');
