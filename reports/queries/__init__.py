"""The SQL of pages whose queries are long."""
