console.log('nobody starts me');
