"""What a language model may ask a warehouse: tools of the Model Context Protocol, all of which only read."""
