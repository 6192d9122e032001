"""Is what the warehouse holds sound, and what hpowh needs there?"""
