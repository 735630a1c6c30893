const express = require('express');

const app = express();
app.get('/', (request, response) => response.send(`hello from express, ${process.env.NODE_ENV}\n`));
app.listen(process.env.PORT, '0.0.0.0', () => console.log(`listening on ${process.env.PORT}`));
